"""The names of the presets, all or those with given properties."""

from classwise.zoo.foundation.errors import unknown_name
from classwise.zoo.presets.registry import presets


def list_models(
    method: str | None = None,
    dataset: str | None = None,
    code_length: int | None = None,
    backbone: str | None = None,
) -> list[str]:
    """Returns the names of the presets that have all the given properties.

    Args:
        method, dataset, backbone: names, None for any.
        code_length: L in bits, None for any; a length that no preset has gives an empty list.

    Raises:
        InputError: a name that no preset has, the nearest one is suggested; or no code length.

    Example:

    >>> list_models(method="dcwh", dataset="fashion_mnist", code_length=48)
    ['dcwh_resnet9_fashion_mnist_48']
    """
    wanted = {
        "method": method,
        "dataset": dataset,
        "code_length": code_length,
        "backbone": backbone,
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    if code_length is not None:
        from classwise.zoo.foundation.codes import check_code_length  # imports NumPy

        check_code_length(code_length)
    for key, value in wanted.items():
        known = {getattr(preset, key) for preset in presets().values()}
        if key != "code_length" and value not in known:
            raise unknown_name(key, str(value), known)
    return [
        name
        for name, preset in presets().items()
        if all(getattr(preset, key) == value for key, value in wanted.items())
    ]
