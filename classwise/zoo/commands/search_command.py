"""Find the photos of an index that are nearest to others.

Distances are bits in which the codes differ; what lies at the nearest ones is ranked again by the
cosine of the vectors that the index keeps.
"""

import argparse
import contextlib
from pathlib import Path

from classwise.zoo.commands.image_options import note_skipped
from classwise.zoo.commands.photo_options import add_photo_options
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.number_ranges import CUT_OFFS, RADII
from classwise.zoo.foundation.printing import (
    counted,
    print_json,
    print_note,
    print_table,
    printable,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("index", type=Path, metavar="INDEX", help="what `classwise index` wrote")
    parser.add_argument(
        "queries",
        nargs="+",
        metavar="QUERY",
        help="an image, a folder of images, or the name of an image in the index",
    )
    parser.add_argument(
        "-k", type=CUT_OFFS.parse, default=20, metavar="K", help="photos a query (default: 20)"
    )
    parser.add_argument(
        "--within", type=RADII.parse, metavar="R", help="only photos at most R bits away"
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="where the model of the index lies now, if it was moved"
    )
    parser.add_argument(
        "--by-code", action="store_true", help="rank by the codes alone, ties in the index's order"
    )
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="write a page with the pictures there"
    )
    add_photo_options(parser)
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.search.open_index import open_index
    from classwise.zoo.search.queries import answers, find_queries
    from classwise.zoo.search.search_report import check_report, write_search_report

    index = open_index(options.index, options.model)
    index.check_request(options.k, options.within)
    if options.report:
        check_report(options.report)
    checks = {"skip_bad_files": options.skip_bad_files, "max_pixels": options.max_pixels}
    queries, broken = find_queries(index, options.queries, **checks)
    unknown = sum(query.item is None for query in queries)
    if options.k > len(index):
        print_note(f"The index holds {counted(len(index), 'image')}, so that -k is less.")
    with contextlib.ExitStack() as exits:
        many = unknown > 64
        more = {"progress": exits.enter_context(count_bar("Encoding", unknown))} if many else {}
        wanted = {"k": options.k, "within": options.within, "rerank": not options.by_code}
        found = list(answers(index, queries, **wanted, **checks, **more))
    asked = {answer.query for answer in found}
    broken += tuple(query.name for query in queries if query not in asked)
    note_skipped(broken)
    if options.report:
        page = write_search_report(options.report, index, found)
        print_note(f"Wrote {page}.")
    if options.json:
        print_json(
            {
                "index": str(index.path),
                "model": index.facts.model,
                "code_length": index.facts.code_length,
                "queries": [
                    {
                        "query": answer.query.name,
                        "item": answer.query.item,
                        "hits": [vars(hit) for hit in answer.hits],
                    }
                    for answer in found
                ],
                "skipped": len(broken),
            }
        )
        return 0
    for answer in found:
        itself = "" if answer.query.item is None else " (in the index, itself left out)"
        name = printable(answer.query.name)
        print(f"{name}{itself}: {counted(len(answer.hits), 'photo')}")
        columns = ["photo", ">bits", ">cosine"] + ["class"] * bool(index.facts.class_names)
        rows = [
            [hit.name, hit.distance, cosine(hit.similarity)]
            + [hit.class_name] * bool(index.facts.class_names)
            for hit in answer.hits
        ]
        print_table("", columns, rows)
    return 0


def cosine(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
