"""Write the codes of images into a store for vectors, or read them back.

At the end a hundred codes are searched in the store, and what it finds is compared with an exact
search; where anything differs, nothing is kept. A password is better in PGPASSWORD or ~/.pgpass
than on the command line, which others can see.
"""

import argparse
import dataclasses

from classwise.zoo.foundation.printing import counted, print_json, print_note
from classwise.zoo.search.stores.registry import find_place, store_names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    addresses = ", ".join(f"{name}:..." for name in store_names())
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help=f"an index, what `classwise encode` wrote, or a store: {addresses}",
    )
    parser.add_argument(
        "--to", required=True, metavar="STORE", help="where to write, such as lance:photos.lance"
    )
    parser.add_argument("--table", metavar="NAME", help="the table in a database (default: photos)")
    parser.add_argument(
        "--from-table", metavar="NAME", help="the same of SOURCE, where that is a database"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace what classwise wrote there before"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.search.read_store import find_codes
    from classwise.zoo.search.store_proof import StoreMismatch
    from classwise.zoo.search.write_store import write_store

    store, _ = find_place(options.to, options.table)
    store.check_packages()
    codes = find_codes(options.source, options.from_table)
    try:
        report = write_store(codes, options.to, table=options.table, replace=options.force)
    except StoreMismatch as error:
        print_note(f"classwise store: {error}")
        return 1
    if options.json:
        print_json(dataclasses.asdict(report))
        return 0
    print(
        f"{report.place}: {counted(report.images, 'code')} of {report.code_length} bits, written "
        f"in {report.write_seconds:.1f} s; {report.queries} of them searched there, with our "
        f"distances, codes and names, in {report.proof_seconds:.1f} s."
    )
    return 0
