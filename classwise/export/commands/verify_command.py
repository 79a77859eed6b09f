"""Compare two models bit by bit, whatever runs them; or tell whether one file is whole."""

import argparse
from pathlib import Path

from classwise.export.formats.open_model import (
    existing,
    format_of,
    known_models,
    open_models,
    with_digests,
)
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.number_ranges import DISTANCES
from classwise.zoo.foundation.printing import megabytes, print_json, print_note, print_table

BATCH_SIZES = (1, 7, 256)
MARGINS_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    model = f"{known_models()}, or a file with what runs it, openvino:FILE or cuda:FILE"
    parser.add_argument("first", metavar="A", help=f"what counts as right: {model}")
    parser.add_argument(
        "second",
        metavar="B",
        nargs="?",
        help="what is compared with it, any of these too; without it, A is only checked by itself",
    )
    parser.add_argument(
        "--images",
        metavar="DIR",
        help="compare on the images of this folder, or TFDS split name:split (default: made ones)",
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument("--skip-bad-files", action="store_true", help="leave broken images out")
    parser.add_argument(
        "--margin",
        type=DISTANCES.parse,
        default=1e-5,
        metavar="X",
        help="forgive a flipped bit where |embedding| is below X (default: 1e-5)",
    )
    parser.add_argument(
        "--tolerance",
        type=DISTANCES.parse,
        default=1e-4,
        metavar="X",
        help="largest difference of embeddings, times the largest |embedding| if that is above 1 "
        "(default: 1e-4)",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: argparse.Namespace) -> int:
    if options.second is None:
        return check_alone(options)

    from classwise.export.proof.verification import ParityError, compare
    from classwise.zoo.datasets.image_sources import open_images

    if options.images is not None:
        # Whether they are there is told before a model is loaded.
        images = open_images(
            options.images, skip_bad_files=options.skip_bad_files, data_dir=options.data_dir
        )
    first, second = open_models(options.first, options.second)
    models = {"first": first.to_dict(), "second": second.to_dict()}
    arguments = {"margin": options.margin, "tolerance": options.tolerance}
    if options.images is not None:
        loaded = images.load(first.image_shape)
        if loaded.skipped:
            print_note(f"{len(loaded.skipped)} broken left out: {', '.join(loaded.skipped)}")
        arguments |= {"images": loaded.images, "batch_sizes": BATCH_SIZES}
    try:
        parity = compare(first, second, **arguments)
    except ParityError as error:  # they cannot even be compared
        if options.json:
            print_json({**models, "passed": False, "reason": str(error)})
        print_note(f"classwise verify: {error}")
        return 1
    if options.json:
        print_json({**models, **parity.to_dict()})
    else:
        print_models(models)
        print_table("equal" if parity.passed else "DIFFERENT", ["", ""], rows(parity))
    return 0 if parity.passed else 1


def check_alone(options: argparse.Namespace) -> int:
    """Tells whether a file is as it was written; returns 0, or 1 if it is not."""
    path = Path(options.first)
    format = format_of(path)
    if format is None or format.is_whole is None or options.images is not None:
        raise InputError(
            f"There is nothing to compare {path} with; name a second model, or a {with_digests()} "
            "file alone, whose digest tells whether it is whole."
        )
    whole = format.is_whole(existing(path))
    if whole is None:
        raise InputError(
            f"{path} states no digest, as files of older versions and of other projects; compare "
            "it with its hasher, or export it again."
        )
    if whole:
        format.open(path)  # a digest tells of bytes, not of a runtime that can read them
    if options.json:
        print_json({"file": str(path), "whole": whole})
    elif whole:
        print(f"{path} is whole: its contents are what its digest says.")
    else:
        print_note(f"classwise verify: {path} is DAMAGED or changed: its digest says otherwise.")
    return 0 if whole else 1


def print_models(models: dict[str, dict]) -> None:
    """Prints what was compared, and what ran it."""
    print_table(
        "",
        ["", "model", "runs in", ">size"],
        (
            (name, m["source"], m["engine"], "-" if m["bytes"] is None else megabytes(m["bytes"]))
            for name, m in models.items()
        ),
    )


def rows(parity) -> list[tuple[str, str]]:
    """Returns the figures for people."""
    table = [
        ("images", f"{parity.images}, in batches of {', '.join(map(str, parity.batch_sizes))}"),
        ("outputs", ", ".join(parity.outputs)),
    ]
    if parity.max_difference is not None:
        table += [
            (
                "largest |difference| of embeddings",
                f"{parity.max_difference:.2g}, {parity.allowed_difference:.2g} allowed",
            ),
            ("mean |difference| of embeddings", f"{parity.mean_difference:.2g}"),
        ]
    if parity.max_score_difference is not None:
        scores = f"{parity.max_score_difference:.2g}, {parity.tolerance:.2g} allowed"
        table.append(("largest |difference| of scores", scores))
    if parity.bits:
        table += [
            ("bits flipped", f"{parity.flipped_bits} of {parity.bits}"),
            (f"  where |embedding| >= {parity.margin:g}", str(parity.flips_beyond_margin)),
            ("codes changed", f"{parity.changed_codes} of {parity.images}"),
        ]
    if parity.flip_margins:
        margins = ", ".join(f"{margin:.2g}" for margin in parity.flip_margins[:MARGINS_SHOWN])
        more = " ..." if parity.flipped_bits > MARGINS_SHOWN else ""
        table.append(("|embedding| at the flipped bits", margins + more))
    return table
