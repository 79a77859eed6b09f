"""The part of `classwise export` that writes a folder to serve."""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import megabytes, print_json, print_note

# Named here too, so that the parser is built without importing what writes them.
KINDS = ("triton", "tensorflow-serving", "web")


def add_bundle_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a folder to serve, instead of one model")
    group.add_argument("--bundle", choices=KINDS, help="a model repository or a web page")
    group.add_argument(
        "--gallery",
        type=Path,
        metavar="DIR",
        help="images that the web page ranks (default: bundled photographs of clothes)",
    )
    group.add_argument(
        "--web-runtime",
        type=Path,
        metavar="DIR",
        help="the dist folder of onnxruntime-web (default: fetched by npm)",
    )


def asks_for_bundle(options: argparse.Namespace) -> bool:
    """Returns whether any of the options of this module is given."""
    return any((options.bundle, options.gallery, options.web_runtime))


def run_bundle(
    options: argparse.Namespace, others: Iterable[str], facts: Mapping[str, object]
) -> int:
    """Writes the bundle; returns 0, or raises `ParityError` if the model computes something else.

    Args:
        options: of the command.
        others: names of the options that only a lone model has.
        facts: what the model in it is to tell about its preset.
    """
    check_bundle(options, others)

    from classwise.export.bundles import BUNDLES, write_bundle
    from classwise.export.formats.registry import FORMATS
    from classwise.zoo.presets.load import load

    FORMATS[BUNDLES[options.bundle].format].check_packages()
    hasher = load(options.model)
    name = Path(options.model).stem
    report = write_bundle(
        options.bundle,
        hasher,
        options.output or Path(f"{name}_{options.bundle.replace('-', '_')}"),
        name=name,
        force=options.force,
        metadata=facts,
        gallery=options.gallery,
        web_runtime=options.web_runtime,
    )
    if options.json:
        print_json(report.to_dict())
    else:
        print(f"Wrote {report.path} ({report.files} files, {megabytes(report.bytes)}).")
        print(f"Proven equal: {report.parity}.")
        print(f"Serve it: {report.start}")
        if options.bundle != "web":
            note_cpu_only(report.cpu_only_operators)
    return 0


def note_cpu_only(operators: dict[str, list[str]]) -> None:
    """Says which operators of a graph no GPU runs."""
    for operator, providers in operators.items():
        print_note(
            f"Note: {operator} does not run on {' and '.join(providers)}; a GPU would hand these "
            "tensors to the CPU and back."
        )


def check_bundle(options: argparse.Namespace, others: Iterable[str]) -> None:
    """Raises `InputError` for options that do not go together, or a gallery that is not there."""
    if not options.bundle:
        raise InputError("--gallery and --web-runtime belong to --bundle web; add it.")
    given = [name for name in others if getattr(options, name) not in (None, False)]
    if options.gallery:
        from classwise.zoo.datasets.image_sources import open_images

        open_images(options.gallery)
    if options.format != "onnx":
        given.append("format")
    if given:
        raise InputError(
            f"--{given[0].replace('_', '-')} is not for --bundle, which chooses the model's format "
            "itself; leave it out."
        )
