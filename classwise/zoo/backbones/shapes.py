"""What a hasher asks of a backbone's input and output."""

from classwise.zoo.foundation.errors import InputError


def image_shape(backbone) -> tuple[int, int, int]:
    """Returns (height, width, channels) of a backbone's input, or raises `InputError`."""
    shape = getattr(backbone, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:]:
        raise InputError(
            f"The backbone's input shape is {shape}; a hasher needs one input of fixed size, "
            "(None, height, width, channels)."
        )
    return shape[1:]


def feature_rank(backbone) -> int:
    """Returns the rank of a backbone's output, 2 or 4, or raises `InputError`."""
    shape = getattr(backbone, "output_shape", None)
    if not isinstance(shape, tuple) or len(shape) not in (2, 4):
        raise InputError(
            f"The backbone's output shape is {shape}; a hasher needs features [B, F] or "
            "[B, height, width, F]: build the backbone with include_top=False."
        )
    return len(shape)
