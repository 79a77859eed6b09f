"""The boundary where a user's images and labels enter: wrong ones are refused, with the reason."""

import warnings

import numpy as np

from classwise.zoo.errors import InputError

_AXES = ("height", "width", "channels")


def check_images(images: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Returns `images` as uint8 or float32 `[N, H, W, C]`, values 0 to 255, or raises.

    Args:
        images: integers or floats `[N, H, W, C]`, each within 0 to 255.
        image_shape: height, width and channels that the model takes.

    Returns:
        uint8 where integers came in (the same array where it was uint8), float32 where floats did.

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
    _check_shape(images.shape, tuple(image_shape))
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "iuf":
        raise InputError(
            f"images have dtype {images.dtype}; give uint8, or integers or floats from 0 to 255."
        )
    if images.size:
        _check_values(images)
    return images.astype(np.float32 if images.dtype.kind == "f" else np.uint8)


def _check_shape(shape: tuple[int, ...], image_shape: tuple[int, int, int]) -> None:
    expected = f"[N, {', '.join(map(str, image_shape))}]"
    if len(shape) != 4:
        hint = "; add the batch axis with images[None]" if shape == image_shape else ""
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


def check_labels(labels: np.ndarray, num_classes: int, num_images: int) -> np.ndarray:
    """Returns labels as int64 `[N]`, or multi-hot labels as uint8 `[N, C]`, or raises.

    Args:
        labels: integers `[N]` in 0..C-1; or multi-hot `[N, C]`, each value 0 or 1.
        num_classes: C.
        num_images: N.

    Raises:
        InputError: another dtype, shape or length, or a value that is not allowed (the first one
            is named).

    Example:

    >>> check_labels([2, 0, 1], num_classes=3, num_images=3)
    array([2, 0, 1])
    """
    labels = np.asarray(labels)
    if labels.ndim not in (1, 2) or (labels.ndim == 2 and labels.shape[1] != num_classes):
        raise InputError(
            f"labels have shape {list(labels.shape)}; give [N] class ids, or multi-hot "
            f"[N, {num_classes}]."
        )
    if len(labels) != num_images:
        raise InputError(
            f"there are {len(labels)} labels for {num_images} images; give one label an image."
        )
    if labels.ndim == 2:
        return _check_multi_hot(labels)
    if labels.dtype.kind not in "iu" and labels.size:
        raise InputError(f"labels have dtype {labels.dtype}; class ids must be integers.")
    wrong = (labels < 0) | (labels >= num_classes)
    if wrong.any():
        index = int(wrong.argmax())
        raise InputError(
            f"label {labels[index]} at index {index} is outside 0..{num_classes - 1}, the ids of "
            f"{num_classes} classes."
        )
    return labels.astype(np.int64)


def _check_multi_hot(labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind not in "iufb":
        raise InputError(f"multi-hot labels have dtype {labels.dtype}; give numbers, 0 or 1.")
    wrong = ~((labels == 0) | (labels == 1))
    if wrong.any():
        row, column = (int(i) for i in np.unravel_index(wrong.argmax(), wrong.shape))
        raise InputError(
            f"multi-hot label {labels[row, column]} at image {row}, class {column}, must be 0 or 1."
        )
    return labels.astype(np.uint8)
