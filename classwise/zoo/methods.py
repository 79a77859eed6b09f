"""The class-wise methods by name. Adding one is adding an entry."""

from classwise.losses import ClassWiseLoss, DCWHLoss, VonMisesFisherLoss
from classwise.zoo.foundation.errors import InputError, unknown_name

METHODS: dict[str, type[ClassWiseLoss]] = {"dcwh": DCWHLoss, "vmf": VonMisesFisherLoss}


def build_loss(method: str, settings: dict) -> ClassWiseLoss:
    """Builds the loss of `method` with a recipe's settings.

    Raises:
        InputError: an unknown method, an unknown setting, or one out of its range.
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    known = METHODS[method]().get_config()
    for key in settings:
        if key not in known:
            raise unknown_name(f"setting of the {method} loss", key, known)
    try:
        return METHODS[method](**settings)
    except ValueError as error:
        raise InputError(str(error)) from error
