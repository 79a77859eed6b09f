"""Write a hasher for another runtime; the file is kept only if it gives the same bits."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from classwise.export.commands.bundle_command import (
    add_bundle_arguments,
    asks_for_bundle,
    note_cpu_only,
    run_bundle,
)
from classwise.export.formats.preset_facts import preset_facts
from classwise.export.formats.registry import DEFAULT, FORMATS, options_of_formats
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import megabytes, print_json, print_note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a preset's name, or a .keras file")
    parser.add_argument("--format", choices=FORMATS, default=DEFAULT, help=f"(default: {DEFAULT})")
    parser.add_argument(
        "--output",
        "-o",
        type=Path,
        metavar="PATH",
        help="file or folder to write (default: MODEL and the format's ending)",
    )
    for option, formats in options_of_formats().values():
        parser.add_argument(
            option.flag,
            *option.aliases,
            dest=option.name,
            **{**option.settings, "help": f"{', '.join(formats)}: {option.settings['help']}"},
        )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument(
        "--force", action="store_true", help="replace a folder that classwise wrote"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_bundle_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from classwise.export.proof.parity import ParityError

    facts = preset_facts(options.model)
    try:
        if asks_for_bundle(options):
            return run_bundle(options, options_of_formats(), facts)
        return run_alone(options, facts)
    except ParityError as error:
        print_note(f"classwise export: {error}")
        return 1


def run_alone(options: argparse.Namespace, facts: Mapping[str, object]) -> int:
    """Writes one model; returns 0, or raises `ParityError` if it computes something else."""
    check_options(options)

    from classwise.zoo.presets.load import load

    format = FORMATS[options.format]
    format.check_packages()
    hasher = load(options.model)
    output = options.output or Path(Path(options.model).stem + format.ending)
    arguments = format.asked_for(options)
    if precision_of(options) != format.exact_precision:
        from classwise.export.commands.measuring_images import measuring_images

        arguments |= measuring_images(hasher, options, facts.get("protocol"))
    report = format.write(hasher, output, **arguments)
    if options.json:
        print_json(report.to_dict())
        return 0
    for path in (report.path, *report.companions):
        print(f"Wrote {path}" + (f" ({megabytes(report.bytes)})." if path == output else "."))
    if report.precision:
        print(f"Beside float32: {report.precision}.")
        print(f"That float32 graph is proven equal to Keras: {report.parity}.")
    else:
        print(f"Proven equal: {report.parity}.")
    note_cpu_only(report.cpu_only_operators)
    return 0


def check_options(options: argparse.Namespace) -> None:
    """Raises `InputError` for an option that the chosen format or precision has not."""
    format = FORMATS[options.format]
    for option, formats in options_of_formats().values():
        for which, chosen, allowed in (
            ("format", format.name, formats),
            ("precision", precision_of(options), option.precisions),
        ):
            if option.value(options) is not None and allowed and chosen not in allowed:
                raise InputError(
                    f"{option.flag} is for --{which} {' or '.join(allowed)}, not for {chosen}; "
                    "leave it out."
                )
    if getattr(options, "calibration", None):
        from classwise.zoo.datasets.image_sources import open_images

        open_images(options.calibration, data_dir=options.data_dir)
    if options.output and not format.marker and options.output.suffix != format.ending:
        raise InputError(
            f"--output is {options.output}; the name of a file in format {format.name} must end "
            f"in {format.ending}, by which `classwise verify` and `encode` tell what it is."
        )


def precision_of(options: argparse.Namespace) -> str:
    """Returns the precision that is asked for, or that a format has without being asked."""
    return getattr(options, "precision", None) or FORMATS[options.format].exact_precision
