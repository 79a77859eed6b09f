"""The page of near duplicates: clusters of photos side by side, similar ones, suspect labels."""

from __future__ import annotations

import csv
import datetime
import io
import os
from collections.abc import Sequence
from pathlib import Path

from classwise.zoo.foundation.new_folder import replacing_folder
from classwise.zoo.foundation.printing import printable
from classwise.zoo.foundation.templates import templates
from classwise.zoo.search.find_duplicates import Duplicates, Photo
from classwise.zoo.search.index import Index
from classwise.zoo.search.picture_folder import PictureFolder
from classwise.zoo.search.search_report import PAGE, check_report
from classwise.zoo.search.similar_photos import SimilarPair
from classwise.zoo.search.suspect_labels import SuspectLabel

KIND = "a report of duplicates"
COLUMNS = ("cluster", "photo", "keep", "width", "height", "bytes", "modified", "same_bytes")


def duplicates_csv(found: Duplicates) -> str:
    """Returns clusters as CSV, a photo a line; `keep` is 1 for the one to keep."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, photos in enumerate(found.clusters, 1):
        for photo in photos:
            row = photo_row(photo, found.keeps(photo, photos))
            writer.writerow([number, *(int(v) if isinstance(v, bool) else v for v in row.values())])
    return file.getvalue()


def photo_row(photo: Photo, keep: bool) -> dict[str, object]:
    """Returns what lists say of a photo, in JSON types."""
    return {
        "photo": photo.name,
        "keep": keep,
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.bytes,
        "modified": day(photo.modified),
        "same_bytes": photo.same_bytes,
    }


def day(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")


def write_duplicates_report(
    path: str | os.PathLike,
    title: str,
    found: Duplicates,
    index: Index | None = None,
    similar: Sequence[SimilarPair] = (),
    suspects: Sequence[SuspectLabel] = (),
) -> Path:
    """Writes a page that shows clusters of copies, similar photos and suspect labels.

    Args:
        path: a new folder, or that of an earlier such report.
        title: of the page.
        found: from `find_duplicates`.
        index: of which the similar photos and suspect labels are. Defaults to none.
        similar, suspects: what is shown below the copies. Defaults to nothing.

    Returns:
        the page.

    Raises:
        InputError: the folder holds something else.
        OSError: it cannot be written.
    """
    check_report(path, KIND)
    with replacing_folder(path, KIND) as folder:
        pictures = PictureFolder(folder)

        def of_index(name: str) -> dict[str, object]:
            file = Path(index.facts.source, name)
            return {"name": printable(name), "picture": pictures.add(file)}

        clusters = [
            [
                {
                    "name": printable(photo.name),
                    "picture": pictures.add(photo.file),
                    "keep": found.keeps(photo, photos),
                    "photo": photo,
                    "day": day(photo.modified)[:10],
                }
                for photo in photos
            ]
            for photos in found.clusters
        ]
        pairs = [{"pair": p, "photos": [of_index(p.first), of_index(p.second)]} for p in similar]
        labels = [{"suspect": s, **of_index(s.name)} for s in suspects]
        pictures.write()
        text = (
            templates(__package__)
            .get_template("duplicates.html")
            .render(
                title=printable(title),
                photos=found.photos,
                copies=sum(len(photos) - 1 for photos in found.clusters),
                freed=sum(p.bytes for photos in found.clusters for p in photos[1:]),
                between=found.between,
                clusters=clusters,
                pairs=pairs,
                labels=labels,
                indexed=index is not None,
            )
        )
        (folder / PAGE).write_text(text, encoding="utf-8")
    return Path(path) / PAGE
