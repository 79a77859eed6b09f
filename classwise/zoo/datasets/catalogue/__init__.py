"""The data sets by name. Adding one is adding a file here, whose `DATA_SETS` are its entries."""

import importlib
import pkgutil

from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.foundation.errors import unknown_name


def _found() -> dict[str, DataSet]:
    files = (
        importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
    )
    return {data_set.name: data_set for file in files for data_set in file.DATA_SETS}


DATA_SETS: dict[str, DataSet] = _found()


def get_data_set(name: str) -> DataSet:
    """Returns what is known of a data set.

    Raises:
        InputError: no such data set; the nearest name is suggested.

    Example:

    >>> get_data_set("fashion_mnist").num_images["test"]
    10000
    """
    if name not in DATA_SETS:
        raise unknown_name("data set", name, DATA_SETS)
    return DATA_SETS[name]
