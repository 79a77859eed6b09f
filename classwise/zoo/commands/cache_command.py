"""Show or remove the fetched preset files."""

import argparse

from classwise.zoo.foundation.printing import megabytes, print_json, print_note, print_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clean", action="store_true", help="remove them")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.presets.download.cache import cache_folder, clean_cache, list_cache

    folder = cache_folder()
    found, in_use = clean_cache() if options.clean else (list_cache(), [])
    size = sum(file.bytes for file in found)
    for file in in_use:
        print_note(f"Kept {file.path.name}: a process is fetching it.")
    if options.json:
        kind = "removed" if options.clean else "files"
        files = [file.to_dict() for file in found]
        print_json({"folder": str(folder), "bytes": size, kind: files})
    elif options.clean:
        print(f"Removed {len(found)} files, {megabytes(size)}, from {folder}.")
    else:
        print_table(
            f"{folder}: {len(found)} files, {megabytes(size)}",
            ["file", ">size", "state"],
            ((file.path.name, megabytes(file.bytes), file.state) for file in found),
        )
    return 0
