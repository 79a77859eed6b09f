"""The index that stands where one is going to be written."""

from __future__ import annotations

from pathlib import Path

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.new_folder import check_new_folder
from classwise.zoo.foundation.written_folder import written_kind
from classwise.zoo.search.index import Index
from classwise.zoo.search.index_encoder import FEATURES
from classwise.zoo.search.index_folder import FACTS, KIND
from classwise.zoo.search.open_index import open_index


def earlier_index(path: Path, root: Path) -> Index | None:
    """Returns the index that stands at a path, None for nothing.

    Raises:
        InputError: something else stands there, or the index of another folder.
    """
    if path.exists() and written_kind(path) != KIND:
        check_new_folder(path, KIND, "photos.index", False, "empty it")
    check_new_folder(path, KIND, "photos.index", True, "empty it")
    if not (path / FACTS).exists():
        return None
    earlier = open_index(path)
    source = Path(earlier.facts.source)
    if source != root and source.exists():
        raise InputError(
            f"{path} is the index of {source}, not of {root}; give another name for the index."
        )
    return earlier


def check_options(earlier: Index | None, wanted: dict[str, bool | None]) -> dict[str, bool]:
    """Returns what an index keeps of its images; raises `InputError` if something else is asked."""
    if earlier is None:
        return {name: bool(value) for name, value in wanted.items()}
    facts = earlier.facts
    kept = {
        "features": facts.vectors == FEATURES,
        "thumbnails": earlier.columns.has_thumbnails,
    }
    for name, value in wanted.items():
        if value not in (None, kept[name]):
            verb = "keeps" if kept[name] else "was made without"
            raise InputError(
                f"{earlier.path} {verb} {name}; leave that as it is, or make another index."
            )
    return kept
