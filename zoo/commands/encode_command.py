"""Turn a folder of images, or a data set's split, into packed codes in an .npz file."""

import argparse
from pathlib import Path

from classwise.zoo.commands.printing import print_json, print_note
from classwise.zoo.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a preset's name, or a .keras file")
    parser.add_argument(
        "input", metavar="INPUT", help="a folder of images, or a TFDS split: name:split"
    )
    parser.add_argument(
        "--output", "-o", type=Path, required=True, metavar="FILE.npz", help="the file to write"
    )
    parser.add_argument("--embeddings", action="store_true", help="keep the embeddings too")
    parser.add_argument("--batch-size", type=int, default=256, metavar="B", help="(default: 256)")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument("--skip-bad-files", action="store_true", help="leave unreadable images out")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    if options.output.suffix != ".npz":
        raise InputError(f"--output is {options.output}; it must end in .npz.")
    if options.batch_size < 1:
        raise InputError(f"--batch-size is {options.batch_size}; it must be 1 or more.")

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from classwise.zoo.encoding import encode_stream, open_images, save_codes
    from classwise.zoo.presets.load import load_any

    hasher = load_any(options.model)
    stream = open_images(
        options.input,
        hasher.image_shape,
        batch_size=options.batch_size,
        data_dir=options.data_dir,
        skip_bad_files=options.skip_bad_files,
    )
    bars = Progress(
        "Encoding",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bars:
        task = bars.add_task("", total=stream.count)
        arrays = encode_stream(
            hasher,
            stream,
            embeddings=options.embeddings,
            progress=lambda count: bars.advance(task, count),
        )
    save_codes(options.output, arrays)
    for name in stream.skipped[:10]:
        print_note(f"skipped {name}: not a readable image")
    outcome = {
        "output": str(options.output),
        "images": len(arrays["codes"]),
        "code_length": hasher.code_length,
        "skipped": len(stream.skipped),
    }
    if options.json:
        print_json(outcome)
    else:
        skipped = f", {len(stream.skipped)} files skipped" if stream.skipped else ""
        print(f"Wrote {outcome['images']} codes to {options.output}{skipped}.")
    return 0
