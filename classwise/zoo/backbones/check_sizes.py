"""The sizes that every backbone checks."""

from classwise.zoo.foundation.errors import InputError


def check_sizes(input_shape: tuple[int, int, int], width: int, smallest: int = 1) -> None:
    """Raises `InputError` for a width below 1, or images below `smallest` pixels a side."""
    if width < 1:
        raise InputError(f"width is {width}; it must be 1 or more filters.")
    if len(input_shape) != 3 or min(input_shape[:2]) < smallest or input_shape[2] < 1:
        raise InputError(
            f"input_shape is {tuple(input_shape)}; this network takes (height, width, channels) "
            f"from ({smallest}, {smallest}, 1) on."
        )
