"""Write a hasher for another runtime; the file is kept only if it gives the same bits."""

import argparse
from pathlib import Path

from classwise.export.commands.bundle_command import (
    add_bundle_arguments,
    asks_for_bundle,
    note_cpu_only,
    run_bundle,
)
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import megabytes, print_json, print_note

FORMATS = {"onnx": ".onnx", "saved_model": "_saved_model", "litert": ".tflite"}
# Options that not every format, or not every precision, has; None or False means not given.
ONLY_FOR = {
    "opset": ("onnx",),
    "batch": ("onnx",),
    "outputs": ("onnx", "litert"),
    "precision": ("onnx",),
    "keep_float": ("onnx",),
    "calibration": ("onnx",),
    "protocol": ("onnx",),
    "max_map_loss": ("onnx",),
    "with_centres": ("onnx",),
}
ONLY_FOR_PRECISION = {
    "keep_float": ("int8",),
    "calibration": ("fp16", "int8"),
    "protocol": ("fp16", "int8"),
    "max_map_loss": ("fp16", "int8"),
}
CALIBRATION_IMAGES = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a preset's name, or a .keras file")
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="(default: onnx)")
    parser.add_argument(
        "--output",
        "-o",
        type=Path,
        metavar="PATH",
        help="file or folder to write (default: MODEL and the format's ending)",
    )
    parser.add_argument(
        "--opset", type=int, metavar="N", help="ONNX operator set, 15 to 23 (default: 18)"
    )
    parser.add_argument("--batch", type=int, metavar="N", help="fixed batch (default: any)")
    parser.add_argument(
        "--outputs",
        metavar="O,O",
        help="some of embedding,code,scores (default: embedding,code)",
    )
    parser.add_argument(
        "--precision", choices=("fp32", "fp16", "int8"), help="inside ONNX (default: fp32)"
    )
    parser.add_argument(
        "--calibration",
        metavar="DIR",
        help="images that fix the ranges of int8, a folder or name:split "
        "(default: training images of the protocol)",
    )
    parser.add_argument(
        "--keep-float",
        metavar="L,L",
        help="layers that int8 leaves in float32: first,hash or none (default: first,hash)",
    )
    parser.add_argument(
        "--protocol", metavar="P", help="to measure mAP under (default: the preset's own)"
    )
    parser.add_argument(
        "--max-map-loss",
        type=float,
        metavar="X",
        help="largest mAP that lower precision may cost (default: 0.005)",
    )
    parser.add_argument(
        "--with-centres",
        action="store_true",
        help="write MODEL.centres.npz and MODEL.scores.onnx too",
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument("--force", action="store_true", help="replace a folder that is not empty")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_bundle_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if asks_for_bundle(options):
        return run_bundle(options, ONLY_FOR)
    check_options(options)

    from classwise.export import ParityError
    from classwise.zoo.presets.load import load_any

    hasher = load_any(options.model)
    output = options.output or Path(Path(options.model).stem + FORMATS[options.format])
    try:
        report = export(hasher, output, options)
    except ParityError as error:
        print_note(f"classwise export: {error}")
        return 1
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
    precision = options.precision or "fp32"
    for which, chosen, only_for in (
        ("format", options.format, ONLY_FOR),
        ("precision", precision, ONLY_FOR_PRECISION),
    ):
        for name, allowed in only_for.items():
            if getattr(options, name) not in (None, False) and chosen not in allowed:
                raise InputError(
                    f"--{name.replace('_', '-')} is for --{which} {' or '.join(allowed)}, not for "
                    f"{chosen}; leave it out."
                )
    ending = FORMATS[options.format]
    if options.output and ending.startswith(".") and options.output.suffix != ending:
        raise InputError(
            f"--output is {options.output}; the name of a file in format {options.format} must end "
            f"in {ending}, by which `classwise verify` and `encode` tell what it is."
        )


def export(hasher, output: Path, options: argparse.Namespace):
    """Returns the report of the export that the options ask for."""
    from classwise.export import preset_facts, to_litert, to_onnx, to_saved_model

    if options.format == "saved_model":
        return to_saved_model(hasher, output, overwrite=options.force)
    arguments = given(outputs=names(options.outputs))
    if options.format == "litert":
        return to_litert(hasher, output, **arguments)
    arguments |= given(
        opset=options.opset,
        batch=options.batch,
        precision=options.precision,
        max_map_loss=options.max_map_loss,
        keep_float=[] if options.keep_float == "none" else names(options.keep_float),
    )
    if options.precision not in (None, "fp32"):
        arguments |= measuring_images(hasher, options)
    return to_onnx(
        hasher,
        output,
        with_centres=options.with_centres,
        metadata=preset_facts(options.model),
        **arguments,
    )


def measuring_images(hasher, options: argparse.Namespace) -> dict[str, object]:
    """Returns the images that lower precision is calibrated on and measured with."""
    from classwise.export import preset_facts
    from classwise.export.commands.image_source import evenly_chosen, load_images
    from classwise.zoo.datasets.protocols import get_protocol

    evaluation = calibration = None
    protocol = options.protocol or preset_facts(options.model).get("protocol")
    if protocol:
        print_note(f"Measuring mAP of fp32 and {options.precision} under {protocol} ...")
        evaluation = get_protocol(protocol).load(options.data_dir).resized(hasher.image_shape)
        calibration = evenly_chosen(evaluation.training, CALIBRATION_IMAGES)
    elif options.max_map_loss is not None:
        raise InputError(
            f"--max-map-loss needs a protocol to measure mAP under, and {options.model} names "
            "none; give --protocol."
        )
    else:
        print_note(f"mAP is not measured: {options.model} names no protocol; give --protocol.")
    if options.calibration:
        images = load_images(options.calibration, hasher.image_shape, options.data_dir)
        calibration = evenly_chosen(images, CALIBRATION_IMAGES)
    return {"evaluation": evaluation, "calibration": calibration}


def given(**arguments) -> dict[str, object]:
    """Returns the arguments that are not None, so that the others keep their defaults."""
    return {name: value for name, value in arguments.items() if value is not None}


def names(text: str | None) -> list[str] | None:
    """Returns the parts of a list written with commas."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]
