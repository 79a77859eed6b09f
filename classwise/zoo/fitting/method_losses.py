"""The losses that a fitting goes through, by method."""

from __future__ import annotations

from collections.abc import Callable

from classwise.losses import ClassWiseLoss
from classwise.zoo.methods import build_loss


def _dcwh(code_length: int) -> list[dict]:
    # Distances grow with the length of codes, so their unit does.
    first = {"inverse_variance": 0.25 * 64 / code_length, "cubic_weight": 0.1}
    return [first, first | {"vertex_weight": 0.01}]


def _vmf(code_length: int) -> list[dict]:
    return [{"concentration": 8.0}]


#: Settings of the losses of equal shares of the steps, given the code length.
SETTINGS: dict[str, Callable[[int], list[dict]]] = {"dcwh": _dcwh, "vmf": _vmf}


def fitting_losses(method: str, code_length: int) -> list[ClassWiseLoss]:
    """Builds the losses of a method, each for an equal share of the steps.

    A method without settings here has its loss's defaults.

    Raises:
        InputError: no such method.
    """
    settings = SETTINGS.get(method, lambda code_length: [{}])(code_length)
    return [build_loss(method, each) for each in settings]
