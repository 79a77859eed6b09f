"""The boundary where a user's images enter: wrong ones are refused, with the reason."""

import warnings

import numpy as np

from classwise.zoo.foundation.errors import InputError

_AXES = ("height", "width", "channels")


def check_images(images: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Returns `images` as uint8 or float32 `[N, H, W, C]`, values 0 to 255, or raises.

    Args:
        images: integers or floats `[N, H, W, C]`, each within 0 to 255.
        image_shape: height, width and channels that the model takes.

    Returns:
        uint8 where integers came in, float32 where floats did; the same array if it was that.

    Raises:
        InputError: another rank, height, width, number of channels or dtype; a value outside 0 to
            255; NaN or infinity.

    Warns:
        UserWarning: no value of float images exceeds 1: they were probably scaled to 0-1.

    Example:

    >>> check_images(np.full([2, 8, 8, 1], 255), (8, 8, 1)).dtype
    dtype('uint8')
    """
    try:
        images = np.asarray(images)
    except ValueError as error:
        raise InputError(
            f"images do not stack into one array ({error}); give all of them one shape, as "
            "zoo.read_images does."
        ) from error
    if images.dtype == object and images.ndim == 0:
        raise InputError(
            f"images are a {type(images.item()).__name__}; give an array of shape "
            f"[N, {', '.join(map(str, image_shape))}], as zoo.read_images makes it of files."
        )
    _check_shape(images.shape, tuple(image_shape))
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "iuf":
        raise InputError(
            f"images have dtype {images.dtype}; give uint8, or integers or floats from 0 to 255."
        )
    if images.size:
        _check_values(images)
    return images.astype(np.float32 if images.dtype.kind == "f" else np.uint8, copy=False)


def _check_shape(shape: tuple[int, ...], image_shape: tuple[int, int, int]) -> None:
    expected = f"[N, {', '.join(map(str, image_shape))}]"
    if len(shape) != 4:
        hint = (
            "; add the batch axis with images[None], or batch(32)" if shape == image_shape else ""
        )
        raise InputError(
            f"images have rank {len(shape)}, shape {list(shape)}; rank 4, shape {expected}, is "
            f"expected{hint}."
        )
    for axis, seen, wanted in zip(_AXES, shape[1:], image_shape, strict=True):
        if seen != wanted:
            raise InputError(
                f"images have {axis} {seen}, shape {list(shape)}; this model takes {axis} {wanted},"
                f" shape {expected}; zoo.read_images resizes and converts image files."
            )


def _check_values(images: np.ndarray) -> None:
    low, high = images.min(), images.max()
    # NaN and infinity make one of these comparisons fail as well
    if not (low >= 0 and high <= 255):
        wrong = ~((images >= 0) & (images <= 255))
        index = tuple(int(i) for i in np.unravel_index(wrong.argmax(), wrong.shape))
        raise InputError(
            f"images hold {images[index]} at {list(index)}; values must lie from 0 to 255, "
            "without NaN or infinity, as decoded from a file (the model scales them itself)."
        )
    if images.dtype.kind == "f" and 0 < high <= 1:
        warnings.warn(
            f"float images reach only {high:g}: this model takes 0-255 and scales inside; "
            "multiply by 255 if these were scaled to 0-1.",
            stacklevel=3,
        )
