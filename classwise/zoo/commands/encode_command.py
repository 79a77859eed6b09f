"""Turn images into packed codes: an .npz file, or with --engine ray a folder, Parquet or Lance.

Run the same command again to go on after an interruption.
"""

import argparse
import contextlib
import shlex
import time
from pathlib import Path

from classwise.zoo.commands.encode_outcome import Outcome
from classwise.zoo.commands.image_options import (
    IMAGES,
    add_image_options,
    note_foreign,
    note_others,
    note_skipped,
    opened,
)
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.number_ranges import BATCH_SIZES, WORKERS
from classwise.zoo.foundation.printing import counted, print_json, print_note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="a preset's name, a .keras file or an exported .onnx file"
    )
    parser.add_argument("images", nargs="+", metavar="IMAGES", help=IMAGES)
    parser.add_argument(
        "--output",
        "-o",
        type=Path,
        required=True,
        metavar="FILE.npz",
        help="the file to write; with --engine ray a folder, of Parquet (codes/) or of Lance, "
        "where its name ends in .lance",
    )
    parser.add_argument(
        "--engine",
        choices=tuple(ENGINES),
        default="local",
        help="local: this process; ray: a Ray cluster, or all cores here, for an .onnx file "
        "(default: local)",
    )
    parser.add_argument(
        "--workers",
        type=WORKERS.parse,
        metavar="N",
        help="how many, with --engine ray (default: one a core, with --providers cuda one a GPU)",
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

    if options.workers is not None and options.engine != "ray":
        raise InputError("--workers numbers the workers of --engine ray; leave it out.")
    outcome = ENGINES[options.engine](options)
    note_skipped(outcome.skipped)
    if options.json:
        print_json(
            {
                "output": str(options.output),
                "images": outcome.written,
                "from_earlier_run": outcome.earlier,
                "code_length": outcome.code_length,
                "skipped": len(outcome.skipped),
                "other_files": outcome.others,
                "foreign": outcome.foreign,
                "engine": outcome.engine,
                "images_per_second": outcome.speed,
            }
        )
    else:
        notes = f", {outcome.earlier} of them from an earlier run" if outcome.earlier else ""
        if outcome.skipped:
            notes += f", {counted(len(outcome.skipped), 'broken image')} skipped"
        print(
            f"Wrote {outcome.written} codes to {options.output}{notes}; "
            f"{outcome.speed:.0f} images/s."
        )
    return 0


def encode_here(options: argparse.Namespace) -> Outcome:
    """Encodes in this process, into a file."""
    from classwise.zoo.encoding.encode_to_file import begin, check_output, encode_rest
    from classwise.zoo.encoding.encoders import open_encoder

    check_output(options.output)
    images = opened(options, options.images, labeled=options.labels is not None)
    looking: list = []
    encoder = open_encoder(options.model, providers_of(options), options.require_provider)
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
                skipped = encode_rest(encoder, stream, done, advance, looking.append)
        except (KeyboardInterrupt, InputError, OSError):
            if done.parts:
                print_note(
                    f"Done so far: {counted(done.count, 'image')}; run the same command again to "
                    f"go on from {done.folder}."
                )
            raise
    speed = left / (time.perf_counter() - start)
    foreign = note_foreign(options.model, looking[0] if looking else None)
    return Outcome(
        stream.count - len(skipped),
        earlier,
        (*images.skipped, *skipped),
        len(images.others),
        encoder.engine,
        encoder.code_length,
        speed,
        foreign,
    )


def encode_by_ray(options: argparse.Namespace) -> Outcome:
    """Encodes on the workers of Ray, into a folder."""
    from classwise.zoo.foundation.extras import look_for

    look_for("ray", "ray")
    from classwise.zoo.encoding.encoders import find_encoder
    from classwise.zoo.encoding.lance_codes import SUFFIX
    from classwise.zoo.encoding.ray_engine import encode_on_ray
    from classwise.zoo.encoding.unfinished_codes import part_folder
    from classwise.zoo.encoding.unfinished_parts import check_place

    check_place(options.output)
    if options.output.suffix == SUFFIX:
        look_for("lance", "lance")
    found = find_encoder(options.model)
    if found.kind != ".onnx":
        words = shlex.join(["classwise", "export", options.model, "-o", "hasher.onnx"])
        raise InputError(
            f"{found.name} runs in Keras, and workers of Ray take an .onnx file; write it with "
            f"`{words}` and encode with that."
        )
    images = opened(options, options.images, labeled=options.labels is not None)
    note_others(images.others)
    done, left = 0, 0
    start = time.perf_counter()
    with contextlib.ExitStack() as exits:

        def on_start(count: int, where: str) -> None:
            nonlocal advance, left, start
            print_note(f"Encoding {counted(count, 'image')} with {where}.")
            advance = exits.enter_context(count_bar("Encoding", count))
            left, start = count, time.perf_counter()

        def progress(count: int) -> None:
            nonlocal done
            advance(count)
            done += count

        advance = exits.enter_context(contextlib.nullcontext(lambda count: None))
        try:
            outcome = encode_on_ray(
                found.path,
                images,
                options.output,
                embeddings=options.embeddings,
                batch_size=options.batch_size,
                workers=options.workers,
                providers=providers_of(options) or ("cpu",),
                require_provider=options.require_provider,
                on_start=on_start,
                progress=progress,
            )
        except (KeyboardInterrupt, InputError, OSError):
            if done:
                print_note(
                    f"Done in this run: {counted(done, 'image')}; run the same command again to go "
                    f"on from {part_folder(options.output)}."
                )
            raise
    return Outcome(
        outcome.written,
        outcome.earlier,
        (*images.skipped, *outcome.skipped),
        len(images.others),
        outcome.engine,
        outcome.code_length,
        left / (time.perf_counter() - start),
    )


def providers_of(options: argparse.Namespace) -> list[str] | None:
    """Returns the execution providers that were asked for, None for none."""
    return options.providers and [name.strip() for name in options.providers.split(",")]


ENGINES = {"local": encode_here, "ray": encode_by_ray}
