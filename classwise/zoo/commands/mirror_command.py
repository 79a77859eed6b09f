"""Write a folder with the files of presets, for any static web server."""

import argparse
import shlex
from pathlib import Path

from classwise.zoo.foundation.files import resolved
from classwise.zoo.foundation.printing import megabytes, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder to write")
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets or trunks (default: all)")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.presets.write_mirror import write_mirror

    files = write_mirror(options.folder, options.names)
    size = sum(file["bytes"] for file in files)
    if options.json:
        print_json({"folder": str(options.folder), "bytes": size, "files": files})
        return 0
    print(f"Wrote {options.folder} ({len(files)} files, {megabytes(size)}).")
    print(f"Serve it: python -m http.server --directory {shlex.quote(str(options.folder))}")
    print(f"Use it from here: CLASSWISE_MIRRORS={resolved(options.folder).as_uri()}")
    return 0
