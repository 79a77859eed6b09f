"""Fitting of a hasher to images without labels."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from classwise.zoo.datasets.image_sources import OpenedImages, open_images
from classwise.zoo.fitting.fitting_request import FittingRequest, check_enough
from classwise.zoo.fitting.trunk_encoder import (
    feature_hasher,
    load_trunk,
    open_trunk,
    trunk_identity,
)
from classwise.zoo.fitting.trunk_features import TrunkFeatures, kept_features
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.quiet import start_tensorflow
from classwise.zoo.methods import DEFAULT_METHOD

if TYPE_CHECKING:
    from classwise.zoo.fitting.fitted_head import FittedHead
    from classwise.zoo.models.hasher import Hasher

BATCH = 64


@dataclasses.dataclass(frozen=True)
class Fitting:
    """What came of a fitting.

    Args:
        hasher: of the images.
        head: its head.
        found: features and names of the images.
        seconds: that the features took, and the fitting itself.
    """

    hasher: Hasher
    head: FittedHead
    found: TrunkFeatures
    seconds: dict[str, float]


def fit_folder(
    images: str | os.PathLike | Sequence[str | os.PathLike] | Any,
    *,
    code_length: int = 64,
    method: str = DEFAULT_METHOD,
    seed: int = 0,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    features: str | os.PathLike | None = None,
    verbose: Literal[0, 1, "auto"] = "auto",
    **request: Any,
) -> Hasher:
    """Fits a hasher to images without labels; docs/FITTING.md tells how.

    Args:
        images: a folder of photos, at any depth, or what else `classwise encode` takes; uint8
            images `[N, H, W, C]`; or batches of such images, as a `tf.data.Dataset`. At least 50
            of them must differ.
        code_length: L, 1 to 4,096 bits. Defaults to 64.
        method: a name of `zoo.methods.METHODS_OF_MEANS`. Defaults to "dcwh".
        seed: the same one gives the same weights on the same machine. Defaults to 0.
        skip_bad_files: leave broken images out, rather than refuse the first one.
        max_pixels: see `zoo.read_images`.
        features: folder where the features of the files are kept for other fittings, and for this
            one if it is interrupted. Defaults to None: they are not kept.
        verbose: 0 shows no progress bars.
        request: `trunk`, `image_size` and `plan` of `FittingRequest`.

    Returns:
        A hasher like any other, to save, to export, to train further with labels.

    Raises:
        InputError: an argument is out of its range, an image is broken, or there are too few.

    Example:

    >>> from classwise import zoo
    >>> mine = zoo.fit_folder("photos/", code_length=64)  # doctest: +SKIP
    >>> mine.save("mine.keras")  # doctest: +SKIP
    """
    asked = FittingRequest(code_length, method, seed, **request)
    shows = verbose != 0
    if not isinstance(images, str | os.PathLike | list | tuple):
        return fit_pixels(images, asked, shows)
    opened = open_images(images, skip_bad_files=skip_bad_files, max_pixels=max_pixels)
    with contextlib.ExitStack() as exits:
        folder = features or exits.enter_context(tempfile.TemporaryDirectory())
        return exits.enter_context(fitted(opened, asked, None, Path(folder), shows)).hasher


def fit_pixels(images: Any, asked: FittingRequest, shows: bool = True) -> Hasher:
    """Fits a hasher to images in memory, or to batches of them."""
    if isinstance(images, np.ndarray):
        check_enough(len(images))
    start_tensorflow()
    trunk = load_trunk(asked.found_trunk, asked.image_size)
    found = feature_hasher(trunk).embed(images, verbose="auto" if shows else 0)
    return fit_head(found.astype(np.float16), asked, shows).on(trunk)


@contextlib.contextmanager
def fitted(
    images: OpenedImages,
    asked: FittingRequest,
    output: Path | None,
    folder: Path | None,
    shows: bool = True,
) -> Iterator[Fitting]:
    """Yields what a fitting to opened images gives; arguments and errors as in `kept_features`."""
    check_enough(images.count)
    start_tensorflow()
    trunk = load_trunk(asked.found_trunk, asked.image_size)
    stream = images.stream(trunk.input_shape[1:], BATCH)
    identity = f"{trunk_identity(asked.found_trunk)} {trunk.input_shape[1:]}"
    start = time.perf_counter()
    with contextlib.ExitStack() as exits:
        found = exits.enter_context(
            kept_features(
                identity,
                lambda left: open_trunk(trunk, left),
                stream,
                output,
                folder,
                lambda left: bar("Features", left, "images", shows),
            )
        )
        computed = time.perf_counter()
        head = fit_head(found.features, asked, shows)
        seconds = {"features": computed - start, "fitting": time.perf_counter() - computed}
        yield Fitting(head.on(trunk), head, found, seconds)


def fit_head(features: np.ndarray, asked: FittingRequest, shows: bool) -> FittedHead:
    """Fits a head to features as `fit_features` does, with a bar."""
    from classwise.zoo.fitting.fit_features import fit_features

    with bar("Fitting", asked.plan.count_steps(len(features)), "steps", shows) as advance:
        return fit_features(
            features,
            code_length=asked.code_length,
            method=asked.method,
            seed=asked.seed,
            plan=asked.plan,
            progress=advance,
        )


def bar(
    title: str, count: int, unit: str, shows: bool
) -> contextlib.AbstractContextManager[Callable[[int], None]]:
    """Returns a context that yields what to call with the number of things done."""
    return count_bar(title, count, unit) if shows else contextlib.nullcontext(lambda done: None)
