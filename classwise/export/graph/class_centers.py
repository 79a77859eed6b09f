"""The class centers of a hasher, as a file beside the exported graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.export.graph.class_scores import check_scores, describe_scores
from classwise.zoo.foundation.codes import pack_codes

if TYPE_CHECKING:
    from classwise.zoo import Hasher


def class_center_arrays(hasher: Hasher) -> dict[str, np.ndarray]:
    """Returns all that is needed to compute scores from embeddings, as an `.npz` holds it.

    These are `centres` float32 `[C, L]`, `codes` uint8 `[C, ceil(L / 8)]`, the packed signs of
    the centers, `class_names` str `[C]`, `code_length`, and `scores`, the formula.

    Raises:
        InputError: the hasher has no posterior.
    """
    import keras

    check_scores(hasher)
    centers = keras.ops.convert_to_numpy(hasher.class_centers.centers)
    return {
        "centres": centers,
        "codes": pack_codes(centers),
        "class_names": np.array(hasher.class_names),
        "code_length": np.array(hasher.code_length),
        "scores": np.array(describe_scores(hasher)),
    }
