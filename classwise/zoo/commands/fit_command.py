"""Fit a hasher to your own photos, without labels.

Run the same command again to go on after an interruption.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.commands.image_options import (
    IMAGES,
    add_image_options,
    note_others,
    note_skipped,
    opened,
)
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.number_ranges import CODE_LENGTHS, IMAGE_SIDES, SEEDS
from classwise.zoo.foundation.printing import counted, print_json, print_note

if TYPE_CHECKING:
    from classwise.zoo.datasets.image_sources import OpenedImages
    from classwise.zoo.fitting.fitting_request import FittingRequest

SUFFIX = ".keras"
DEFAULT_CODE_LENGTH = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from classwise.zoo.methods import DEFAULT_METHOD, METHODS_OF_MEANS

    parser.add_argument("images", nargs="+", metavar="IMAGES", help=IMAGES)
    parser.add_argument(
        "--output", "-o", type=Path, required=True, metavar="FILE.keras", help="the file to write"
    )
    parser.add_argument(
        "--code-length",
        type=CODE_LENGTHS.parse,
        default=DEFAULT_CODE_LENGTH,
        metavar="L",
        help=f"bits (default: {DEFAULT_CODE_LENGTH})",
    )
    methods = " or ".join(METHODS_OF_MEANS)
    parser.add_argument(
        "--method",
        default=DEFAULT_METHOD,
        metavar="NAME",
        help=f"{methods} (default: {DEFAULT_METHOD})",
    )
    parser.add_argument(
        "--trunk",
        metavar="NAME",
        help="what gives the features: a trunk, a preset or a .keras file "
        "(default: efficientnet_lite0_imagenet)",
    )
    parser.add_argument(
        "--image-size",
        type=IMAGE_SIDES.parse,
        metavar="S",
        help="pixels S x S of images (default: what the trunk was trained on)",
    )
    parser.add_argument(
        "--seed", type=SEEDS.parse, default=0, metavar="S", help="of the fitting (default: 0)"
    )
    parser.add_argument(
        "--features",
        type=Path,
        metavar="DIR",
        help="keep the features there, for other fittings of the same images",
    )
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="write a page with neighbors of some photos"
    )
    add_image_options(parser, class_names=False)
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.encoding.unfinished_codes import described_run, part_folder
    from classwise.zoo.fitting.fitting_request import FittingRequest, check_enough

    named = {} if options.trunk is None else {"trunk": options.trunk}
    asked = FittingRequest(
        options.code_length, options.method, options.seed, image_size=options.image_size, **named
    )
    check_output(options.output)
    described_run(part_folder(options.output))
    with report_folder_or_none(options.report) as folder:
        images = opened(options, options.images, labeled=False)
        check_enough(images.count)
        note_others(images.others)
        document = fit_and_save(images, asked, options.output, options.features, folder)
    document["report"] = str(options.report / "index.html") if options.report else None
    if options.json:
        print_json(document)
    else:
        print_outcome(document, options.images)
    return 0


def check_output(path: Path) -> None:
    """Raises `InputError` unless a hasher can be written to `path`."""
    if path.suffix != SUFFIX:
        raise InputError(f"The output is {path}; its name must end in {SUFFIX}.")
    if path.is_dir():
        raise InputError(f"The output {path} is a folder; name a file in it, such as mine.keras.")


def report_folder_or_none(report: Path | None):
    """Returns the context of the report's folder, which is refused or made before the work."""
    if report is None:
        return contextlib.nullcontext()
    from classwise.zoo.evaluation.report.report_folder import report_folder

    return report_folder(report)


def fit_and_save(
    images: OpenedImages,
    asked: FittingRequest,
    output: Path,
    features: Path | None = None,
    report: Path | None = None,
) -> dict:
    """Fits, writes the hasher and the pages of the report, and returns what is to be told."""
    from classwise.zoo.encoding.unfinished_codes import part_folder
    from classwise.zoo.fitting.fit_folder import fitted
    from classwise.zoo.fitting.label_free_quality import label_free_quality
    from classwise.zoo.foundation.files import replacing_file

    print_note(f"Fitting {counted(asked.code_length, 'bit')} to {counted(images.count, 'image')}.")
    try:
        with fitted(images, asked, output, features) as fitting:
            codes = fitting.head.encode(fitting.found.features)
            quality = label_free_quality(fitting.found.features, codes, asked.code_length)
            if report is not None:
                from classwise.zoo.fitting.fitting_report import fill_fitting_report

                fill_fitting_report(report, images, asked, fitting, codes, quality)
            with replacing_file(output) as temporary:
                fitting.hasher.save(temporary)
    except KeyboardInterrupt:
        if features or part_folder(output).exists():
            print_note("Run the same command again to go on from the features done so far.")
        raise
    skipped = (*images.skipped, *fitting.found.skipped)
    note_skipped(skipped)
    return {
        "model": str(output),
        "images": len(fitting.found.names),
        "skipped": len(skipped),
        "other_files": len(images.others),
        "code_length": asked.code_length,
        "method": asked.method,
        "trunk": str(asked.trunk),
        "image_shape": list(fitting.hasher.image_shape),
        "seed": asked.seed,
        "pseudo_classes": list(fitting.head.cluster_counts),
        "seconds": fitting.seconds,
        "quality": quality.to_dict(),
    }


def print_outcome(document: dict, images: Sequence[str]) -> None:
    """Prints what was fitted, and what can be known of it without labels."""
    seconds, quality = document["seconds"], document["quality"]
    clusters = document["pseudo_classes"]
    print(
        f"Fitted {document['model']}: {document['code_length']}-bit codes of "
        f"{counted(document['images'], 'image')}, {min(clusters):,} to "
        f"{max(clusters):,} pseudo-classes; features "
        f"{seconds['features']:.0f} s, fitting {seconds['fitting']:.0f} s."
    )
    recall = quality["recall"]
    print("Without labels, this is known of the codes:")
    print(
        f"  of the ten images nearest by the features {recall['10']:.1%} are among the 10 nearest "
        f"codes, {recall['100']:.1%} among the 100 nearest;"
    )
    print(
        f"  a bit's share of ones differs from one half by {quality['imbalance']:.3f}, two bits "
        f"correlate by {quality['correlation']:.3f}, on average;"
    )
    print(f"  {quality['shared_codes']:.1%} of the images share their code with another.")
    if document["report"]:
        print(f"Report: {document['report']}")
    words = ["classwise", "encode", document["model"], *map(str, images), "-o", "codes.npz"]
    print(f"Next: {shlex.join(words)}")
