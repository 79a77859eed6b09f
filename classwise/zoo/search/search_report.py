"""The picture sheet of a search: each query beside what it found, as a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.foundation.printing import printable
from classwise.zoo.foundation.templates import templates
from classwise.zoo.foundation.written_folder import written_kind
from classwise.zoo.search.index import Index
from classwise.zoo.search.picture_folder import PictureFolder
from classwise.zoo.search.queries import Answer

PAGE = "index.html"
KIND = "a report of a search"


def check_report(path: str | os.PathLike, kind: str = KIND) -> None:
    """Raises `InputError` unless a report can be written; an earlier one of its kind may go."""
    replace = written_kind(Path(path)) == kind
    check_new_folder(path, kind, "report", replace, "empty it")


def write_search_report(path: str | os.PathLike, index: Index, found: Sequence[Answer]) -> Path:
    """Writes a page that shows each query beside the photos that it found.

    Args:
        path: a new folder, or that of an earlier such report.
        index: what was asked.
        found: the answers.

    Returns:
        the page.

    Raises:
        InputError: the folder holds something else.
        OSError: it cannot be written.
    """
    check_report(path)
    with replacing_folder(path, KIND) as folder:
        pictures = PictureFolder(folder)
        rows = []
        for answer in found:
            query = answer.query
            stored = index.columns.thumbnail(query.item) if query.item is not None else b""
            rows.append(
                {
                    "name": printable(query.name),
                    "itself": query.item is not None,
                    "picture": pictures.add(query.file, stored),
                    "hits": [
                        {
                            "name": printable(hit.name),
                            "distance": hit.distance,
                            "similarity": hit.similarity,
                            "class_name": printable(hit.class_name or ""),
                            "picture": pictures.add(
                                index.file(hit.item), index.columns.thumbnail(hit.item)
                            ),
                        }
                        for hit in answer.hits
                    ],
                }
            )
        pictures.write()
        page = templates(__package__).get_template("search.html")
        text = page.render(
            title=f"Search in {printable(index.path.name)}",
            model=printable(index.facts.model),
            count=len(index),
            code_length=index.facts.code_length,
            vectors=index.facts.vectors,
            rows=rows,
        )
        (folder / PAGE).write_text(text, encoding="utf-8")
    return Path(path) / PAGE
