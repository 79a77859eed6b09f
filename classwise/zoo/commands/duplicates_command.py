"""Find copies and near copies among photos: re-encoded, resized, brightened, slightly cropped.

Perceptual hashes find them; class-wise codes cannot, because they say what is in a photo, and two
photos of the same kind of thing may share a code. With --index, pairs that are alike by their codes
come as a second list, and photos that may lie in the wrong class's folder as a third. Nothing is
ever deleted.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.commands.image_options import note_others, note_skipped
from classwise.zoo.commands.photo_options import add_photo_options
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import resolved
from classwise.zoo.foundation.number_ranges import WholeNumbers
from classwise.zoo.foundation.printing import counted, print_json, print_note, print_table

if TYPE_CHECKING:
    from classwise.zoo.search.find_duplicates import Duplicates
    from classwise.zoo.search.index import Index
    from classwise.zoo.search.similar_photos import SimilarPair
    from classwise.zoo.search.suspect_labels import SuspectLabel

# Of the 64 bits of a perceptual hash; farther ones say nothing.
RADII = WholeNumbers(0, 16)
DEFAULT_RADIUS = 6
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos", nargs="?", type=Path, metavar="PHOTOS", help="a folder, at any depth"
    )
    parser.add_argument(
        "--between",
        nargs=2,
        type=Path,
        metavar=("TRAIN", "TEST"),
        help="look only for what two folders share, such as what leaks into a test set",
    )
    parser.add_argument(
        "--index",
        type=Path,
        metavar="INDEX",
        help="an index of the same folder, for similar photos and suspect labels",
    )
    parser.add_argument(
        "--radius",
        type=RADII.parse,
        default=DEFAULT_RADIUS,
        metavar="R",
        help=f"bits of 64 in which hashes may differ (default: {DEFAULT_RADIUS})",
    )
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="write a page with the pictures there"
    )
    add_photo_options(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print what was found as JSON")
    output.add_argument("--csv", type=Path, metavar="FILE", help="write the copies there, as CSV")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.foundation.files import replacing_file
    from classwise.zoo.search.duplicates_report import (
        KIND,
        duplicates_csv,
        photo_row,
        write_duplicates_report,
    )
    from classwise.zoo.search.find_duplicates import find_duplicates
    from classwise.zoo.search.search_report import check_report
    from classwise.zoo.search.similar_photos import similar_photos
    from classwise.zoo.search.suspect_labels import suspect_labels

    if bool(options.between) == bool(options.photos):
        raise InputError(
            "Give one folder of photos, or --between TRAIN TEST: "
            + ("both were given." if options.photos else "neither was given.")
        )
    index = index_of(options.photos, options.index) if options.index else None
    if options.report:
        check_report(options.report, KIND)
    if options.csv and options.csv.is_dir():
        raise InputError(f"--csv is {options.csv}, a folder; name a file, such as copies.csv.")
    with contextlib.ExitStack() as exits:
        advance = None

        def on_start(photos: int) -> None:
            nonlocal advance
            advance = exits.enter_context(count_bar("Hashing", photos))

        found = find_duplicates(
            options.between or options.photos,
            radius=options.radius,
            skip_bad_files=options.skip_bad_files,
            max_pixels=options.max_pixels,
            on_start=on_start,
            progress=lambda photos: advance(photos),
        )
    note_others(found.others)
    note_skipped(found.skipped)
    names = [[photo.name for photo in photos] for photos in found.clusters]
    similar = similar_photos(index, names) if index else []
    suspects = suspect_labels(index) if index and index.facts.class_names else []
    if index:
        similar, suspects = still_there(index, similar, suspects)
    where = " and ".join(map(str, options.between or [options.photos]))
    if options.report:
        lists = (index, similar, suspects)
        page = write_duplicates_report(options.report, f"Duplicates in {where}", found, *lists)
        print_note(f"Wrote {page}.")
    if options.csv:
        with replacing_file(options.csv) as temporary:
            text = duplicates_csv(found)
            temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
        print_note(f"Wrote {options.csv}.")
    if options.json:
        print_json(
            {
                "photos": found.photos,
                "radius": options.radius,
                "clusters": [
                    [photo_row(photo, found.keeps(photo, photos)) for photo in photos]
                    for photos in found.clusters
                ],
                "similar": [vars(pair) for pair in similar],
                "suspect_labels": [vars(suspect) for suspect in suspects],
                "skipped": len(found.skipped),
                "other_files": len(found.others),
            }
        )
        return 0
    show(found, similar, suspects)
    return 0


def index_of(photos: Path | None, path: Path) -> Index:
    """Returns the index of a folder; raises `InputError` where it is one of another folder."""
    from classwise.zoo.search.open_index import open_index

    index = open_index(path)
    if photos is None or resolved(photos) != Path(index.facts.source):
        given = "not of two folders" if photos is None else f"not of {photos}"
        raise InputError(
            f"{path} is the index of {index.facts.source}, {given}; leave --index out."
        )
    return index


def still_there(
    index: Index, similar: list[SimilarPair], suspects: list[SuspectLabel]
) -> tuple[list[SimilarPair], list[SuspectLabel]]:
    """Leaves out photos that are gone since the index was made, and says so."""
    folder = Path(index.facts.source)
    names = {name for pair in similar for name in (pair.first, pair.second)}
    names |= {suspect.name for suspect in suspects}
    gone = {name for name in names if not (folder / name).exists()}
    if gone:
        print_note(
            f"{index.path} holds photos that are gone, which are left out; bring it up to date "
            f"with: classwise index {shlex.quote(str(folder))} -o {shlex.quote(str(index.path))}"
        )
    return (
        [pair for pair in similar if gone.isdisjoint((pair.first, pair.second))],
        [suspect for suspect in suspects if suspect.name not in gone],
    )


def show(found: Duplicates, similar: list[SimilarPair], suspects: list[SuspectLabel]) -> None:
    """Prints what was found, for people."""
    copies = sum(len(photos) - 1 for photos in found.clusters)
    print(
        f"{counted(found.photos, 'photo')}: {counted(len(found.clusters), 'cluster')} of copies, "
        f"{counted(copies, 'file')} beside the first of each."
    )
    rows = [
        (
            number if photo is photos[0] else "",
            photo.name,
            f"{photo.width} x {photo.height}",
            f"{photo.bytes:,}",
            "keep" if found.keeps(photo, photos) else "same bytes" * photo.same_bytes,
        )
        for number, photos in enumerate(found.clusters[:SHOWN], 1)
        for photo in photos
    ]
    if rows:
        print_table("", ["", "photo", ">pixels", ">bytes", ""], rows)
    note_left(len(found.clusters), "cluster", "--report, --csv or --json has all")
    if similar:
        cosines = ["-" if p.similarity is None else f"{p.similarity:.3f}" for p in similar]
        rows = [(p.first, p.second, p.distance, c) for p, c in zip(similar, cosines, strict=True)]
        print_table(
            "Similar by code, the nearest", ["photo", "photo", ">bits", ">cosine"], rows[:SHOWN]
        )
        note_left(len(rows), "pair", "--report or --json has them")
    if suspects:
        rows = [
            (s.name, s.class_name, s.nearest_class, f"{s.own_distance} / {s.nearest_distance}")
            for s in suspects[:SHOWN]
        ]
        print_table("Suspect labels", ["photo", "class", "nearer to", ">bits to both"], rows)
        note_left(len(suspects), "photo", "--report or --json has them")


def note_left(count: int, noun: str, where: str) -> None:
    """Says how many more there are than are printed, and where they are."""
    if count > SHOWN:
        print_note(f"... and {counted(count - SHOWN, noun)} more; {where}.")
