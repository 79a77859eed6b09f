"""Opening of an index that was built."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.search.index import Index
from classwise.zoo.search.index_encoder import check_model
from classwise.zoo.search.index_folder import read_columns, read_facts

if TYPE_CHECKING:
    from classwise.zoo.search.index_encoder import Model


def open_index(path: str | os.PathLike, model: Model | None = None) -> Index:
    """Opens an index; its arrays stay on disk until they are used.

    Args:
        path: what `build_index` or `classwise index` wrote.
        model: the hasher that it was made with, or where its file lies now. Defaults to where it
            lay then.

    Raises:
        InputError: no index there, a damaged one, one of a newer format or of another model.

    Example:

    >>> zoo.open_index("photos.index")  # doctest: +SKIP
    Index(photos.index, 812 images, 64 bits of dcwh_efficientnet_lite0_clothing)
    """
    facts = read_facts(Path(path))
    index = Index(path, facts, read_columns(Path(path), facts), model)
    if model is not None:
        check_model(index.path, facts, model)
    return index
