"""Features of images, computed once and kept, so that an interrupted fitting goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_stream import ImageStream
from classwise.zoo.encoding.encoders import Encoder
from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes
from classwise.zoo.foundation.errors import InputError


@dataclasses.dataclass(frozen=True)
class TrunkFeatures:
    """Features of images in their order.

    Args:
        features: float16 `[N, D]`.
        names: of the images, `[N]`.
        skipped: names of the broken images that were left out.
    """

    features: np.ndarray
    names: np.ndarray
    skipped: tuple[str, ...] = ()


def no_bar(count: int) -> AbstractContextManager[Callable[[int], None]]:
    """Returns the context of a progress bar that shows nothing."""
    return contextlib.nullcontext(lambda done: None)


@contextlib.contextmanager
def kept_features(
    trunk: str,
    open_encoder: Callable[[int], Encoder],
    stream: ImageStream,
    output: Path | None,
    folder: Path | None = None,
    show: Callable[[int], AbstractContextManager[Callable[[int], None]]] = no_bar,
) -> Iterator[TrunkFeatures]:
    """Yields the features of a stream's images, those of an earlier run among them.

    They lie in `OUTPUT.part`, and go once the block succeeds. In a `folder` that is given they
    stay, for other fittings of these images.

    Args:
        trunk: identity of the trunk's weights and of the size of images.
        open_encoder: opens the trunk, given how many images are left; called where there are any.
        stream: of `open_images`.
        output: the file that the fitting will write; None with a folder.
        folder: where to keep the features.
        show: called with the number of images that are left, if any; its context yields what is
            called with the number of images of every batch done.

    Raises:
        InputError: an image is broken, or was replaced meanwhile; another run has the features;
            `OUTPUT.part` was begun with another trunk or other images.
        OSError: they cannot be written.
    """
    run = {"trunk": trunk, "images": stream.identity, "features": True}
    place = output
    if folder is not None:
        digest = hashlib.sha256(json.dumps(run).encode()).hexdigest()
        place = folder / f"features-{digest[:16]}"
    with UnfinishedCodes(place, run) as done:
        left = stream.count - done.count
        if left:
            with show(left) as advance:
                compute_rest(open_encoder(left), stream, done, advance)
        columns = done.columns()
        found = TrunkFeatures(
            columns["features"], columns["names"], tuple(map(str, columns["skipped"]))
        )
        try:
            yield found
        except InputError:
            if folder is None:
                done.finish()  # nothing can be fitted to these images
            raise
        if folder is None:
            done.finish()


def compute_rest(
    encoder: Encoder,
    stream: ImageStream,
    done: UnfinishedCodes,
    progress: Callable[[int], None],
) -> None:
    """Computes the features that are not there yet."""
    with done.keeping(stream.check_unchanged):
        for images, _, names, skipped in stream.batches(done.count):
            found = np.empty((0, encoder.code_length), np.float16)
            if len(names):
                found = encoder.encode_batch(images)["embeddings"].astype(np.float16)
            done.add({"features": found, "names": names, "skipped": skipped})
            progress(len(names) + len(skipped))
    done.flush()
