"""The class centres of a hasher, as a file beside the exported graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.graph.class_scores import describe_scores
from classwise.zoo.foundation.codes import pack_codes

if TYPE_CHECKING:
    from classwise.zoo import Hasher


def write_centres(hasher: Hasher, path: Path) -> None:
    """Writes class centres as `.npz`: all that is needed to compute scores from embeddings.

    It holds `centres` float32 `[C, L]`, `codes` uint8 `[C, ceil(L / 8)]`, the packed signs of
    the centres, `class_names` str `[C]`, `code_length`, and `scores`, the formula.
    """
    import keras

    centres = keras.ops.convert_to_numpy(hasher.class_centers.centers)
    np.savez(
        path,
        centres=centres,
        codes=pack_codes(centres),
        class_names=np.array(hasher.class_names),
        code_length=np.array(hasher.code_length),
        scores=np.array(describe_scores(hasher)),
    )
