"""Turn images into packed codes in an .npz file.

Run the same command again to go on after an interruption.
"""

import argparse
import time
from pathlib import Path

from classwise.zoo.commands.image_options import (
    IMAGES,
    add_image_options,
    note_others,
    note_skipped,
    opened,
)
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.number_ranges import BATCH_SIZES
from classwise.zoo.foundation.printing import counted, print_json, print_note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="a preset's name, a .keras file or an exported .onnx file"
    )
    parser.add_argument("images", nargs="+", metavar="IMAGES", help=IMAGES)
    parser.add_argument(
        "--output", "-o", type=Path, required=True, metavar="FILE.npz", help="the file to write"
    )
    parser.add_argument(
        "--labels",
        choices=("folders",),
        help="keep as label of every image the sub-folder that it lies in",
    )
    parser.add_argument("--embeddings", action="store_true", help="keep the embeddings too")
    parser.add_argument(
        "--batch-size",
        type=BATCH_SIZES.parse,
        default=256,
        metavar="B",
        help="images at a time (default: 256)",
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
    add_image_options(parser)
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    if options.class_names is not None and options.labels is None:
        raise InputError("--class-names numbers the labels, which --labels folders asks for.")

    from classwise.zoo.encoding.encode_to_file import begin, check_output, encode_rest
    from classwise.zoo.encoding.encoders import open_encoder

    check_output(options.output)
    images = opened(options, options.images, labeled=options.labels is not None)
    providers = options.providers and [name.strip() for name in options.providers.split(",")]
    encoder = open_encoder(options.model, providers, options.require_provider)
    note_others(images.others)
    stream = images.stream(encoder.image_shape, options.batch_size)
    with begin(encoder, stream, options.output, options.embeddings) as done:
        earlier = done.count
        resizing = f", {stream.resizing}" if stream.resizing else ""
        left = stream.count - earlier
        print_note(f"Encoding {counted(left, 'image')} with {encoder.engine}{resizing}.")
        start = time.perf_counter()
        try:
            with count_bar("Encoding", left) as advance:
                skipped = encode_rest(encoder, stream, done, advance)
        except (KeyboardInterrupt, InputError, OSError):
            if done.parts:
                print_note(
                    f"Done so far: {counted(done.count, 'image')}; run the same command again to "
                    f"go on from {done.folder}."
                )
            raise
    speed = left / (time.perf_counter() - start)
    written = stream.count - len(skipped)
    skipped = (*images.skipped, *skipped)
    note_skipped(skipped)
    if options.json:
        print_json(
            {
                "output": str(options.output),
                "images": written,
                "from_earlier_run": earlier,
                "code_length": encoder.code_length,
                "skipped": len(skipped),
                "other_files": len(images.others),
                "engine": encoder.engine,
                "images_per_second": speed,
            }
        )
    else:
        notes = f", {earlier} of them from an earlier run" if earlier else ""
        notes += f", {counted(len(skipped), 'broken image')} skipped" if skipped else ""
        print(f"Wrote {written} codes to {options.output}{notes}; {speed:.0f} images/s.")
    return 0
