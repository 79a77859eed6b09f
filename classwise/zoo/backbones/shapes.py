"""What a hasher asks of a backbone's input and output."""

from collections.abc import Iterator

from classwise.zoo.foundation.errors import InputError

# Layers and operations that turn one order of axes into the other.
TURNS = {"Permute", "Transpose", "Moveaxis"}


def image_shape(backbone) -> tuple[int, int, int]:
    """Returns (height, width, channels) of a backbone's input, or raises `InputError`."""
    shape = getattr(backbone, "input_shape", None)
    if shape is None and hasattr(backbone, "call"):
        raise InputError(
            f"The backbone is a {type(backbone).__name__} whose input shape Keras does not know; "
            "give keras.Sequential([keras.Input((height, width, channels)), backbone]) instead."
        )
    if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:]:
        raise InputError(
            f"The backbone's input shape is {shape}; a hasher needs one input of fixed size, "
            "(None, height, width, channels)."
        )
    order = axis_orders(backbone)
    if order[:1] == ["channels_first"]:
        raise InputError(
            f"The backbone takes images of shape {shape[1:]}, channels first; a hasher's images "
            "are (height, width, channels): build it with data_format='channels_last', or begin "
            "it with keras.layers.Permute((3, 1, 2))."
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
    if len(shape) == 4 and axis_orders(backbone)[-1:] == ["channels_first"]:
        raise InputError(
            f"The backbone's output {shape} has its channels first; end it with keras.layers."
            "GlobalAveragePooling2D(data_format='channels_first'), which gives features [B, F]."
        )
    return len(shape)


def axis_orders(backbone) -> list[str]:
    """Returns the `data_format` of every operation that has one, and "turn" where axes turn."""
    orders = []
    for operation in operations(backbone):
        if type(operation).__name__ in TURNS:
            orders.append("turn")
        elif hasattr(operation, "data_format"):
            orders.append(operation.data_format)
    return orders


def operations(model) -> Iterator:
    """Yields a model's operations in their order, those of nested models in their place."""
    for operation in getattr(model, "operations", None) or getattr(model, "layers", ()):
        if hasattr(operation, "layers"):
            yield from operations(operation)
        else:
            yield operation
