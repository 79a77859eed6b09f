"""Turn a folder of images, or a data set's split, into packed codes in an .npz file.

Run the same command again to go on after an interruption.
"""

import argparse
import time
from pathlib import Path

from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import counted, print_json, print_note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="a preset's name, a .keras file or an exported .onnx file"
    )
    parser.add_argument(
        "images", metavar="IMAGES", help="a folder of images, or a TFDS split: name:split"
    )
    parser.add_argument(
        "--output", "-o", type=Path, required=True, metavar="FILE.npz", help="the file to write"
    )
    parser.add_argument("--embeddings", action="store_true", help="keep the embeddings too")
    parser.add_argument(
        "--batch-size", type=int, default=256, metavar="B", help="images at a time (default: 256)"
    )
    parser.add_argument(
        "--providers",
        metavar="P,P",
        help="ONNX Runtime's execution providers, the most wanted first: cuda,cpu (default: cpu)",
    )
    parser.add_argument(
        "--require-provider",
        action="store_true",
        help="fail where the first provider does not run, rather than fall back",
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument("--skip-bad-files", action="store_true", help="leave unreadable images out")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    if options.batch_size < 1:
        raise InputError(f"--batch-size is {options.batch_size}; it must be 1 or more.")

    from classwise.zoo.encoding.encode_to_file import (
        check_output,
        check_run,
        encode_to_file,
        open_images,
    )
    from classwise.zoo.encoding.encoders import open_encoder
    from classwise.zoo.encoding.unfinished_codes import images_done

    check_output(options.output)
    images_done(options.output)  # refuses a folder of something else before anything is loaded
    providers = options.providers and [name.strip() for name in options.providers.split(",")]
    encoder = open_encoder(options.model, providers, options.require_provider)
    stream = open_images(
        options.images,
        encoder.image_shape,
        batch_size=options.batch_size,
        data_dir=options.data_dir,
        skip_bad_files=options.skip_bad_files,
    )
    check_run(encoder, stream, options.output, options.embeddings)
    earlier = images_done(options.output)
    images = counted(stream.count - earlier, "image")
    resizing = f", {stream.resizing}" if stream.resizing else ""
    print_note(f"Encoding {images} with {encoder.engine}{resizing}.")
    start = time.perf_counter()
    try:
        with count_bar("Encoding", stream.count - earlier) as advance:
            encode_to_file(
                encoder, stream, options.output, embeddings=options.embeddings, progress=advance
            )
    except (KeyboardInterrupt, InputError, OSError):
        if kept := images_done(options.output):
            print_note(
                f"Done so far: {counted(kept, 'image')}; run the same command again to go on from "
                f"{options.output}.part."
            )
        raise
    speed = (stream.count - earlier) / (time.perf_counter() - start)
    for name in stream.skipped[:10]:
        print_note(f"skipped {name}: not a readable image")
    outcome = {
        "output": str(options.output),
        "images": stream.count,
        "from_earlier_run": earlier,
        "code_length": encoder.code_length,
        "skipped": len(stream.skipped),
        "engine": encoder.engine,
        "images_per_second": speed,
    }
    if options.json:
        print_json(outcome)
    else:
        notes = f", {earlier} of them from an earlier run" if earlier else ""
        notes += f", {counted(len(stream.skipped), 'file')} skipped" if stream.skipped else ""
        print(f"Wrote {stream.count} codes to {options.output}{notes}; {speed:.0f} images/s.")
    return 0
