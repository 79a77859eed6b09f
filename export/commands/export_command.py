"""Write a hasher as ONNX or SavedModel; the file is kept only if it gives the same bits."""

import argparse
from pathlib import Path

from classwise.zoo.commands.printing import megabytes, print_json, print_note

FORMATS = ("onnx", "saved_model")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a preset's name, or a .keras file")
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="(default: onnx)")
    parser.add_argument(
        "--output", "-o", type=Path, metavar="PATH", help="file or folder to write (MODEL.onnx)"
    )
    parser.add_argument("--opset", type=int, default=18, help="ONNX operator set (default: 18)")
    parser.add_argument(
        "--batch", type=int, metavar="N", help="fixed batch size (default: dynamic; ONNX only)"
    )
    parser.add_argument("--force", action="store_true", help="replace a folder that is not empty")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.export import ParityError, to_onnx, to_saved_model
    from classwise.zoo.presets.load import load_any

    hasher = load_any(options.model)
    output = options.output or Path(
        Path(options.model).stem + (".onnx" if options.format == "onnx" else "_saved_model")
    )
    try:
        if options.format == "onnx":
            report = to_onnx(
                hasher,
                output,
                opset=options.opset,
                batch=options.batch,
                metadata=preset_facts(options.model),
            )
        else:
            report = to_saved_model(hasher, output, overwrite=options.force)
    except ParityError as error:
        print_note(f"classwise export: {error}")
        return 1
    if options.json:
        print_json(report.to_dict())
    else:
        print(f"Wrote {report.path} ({megabytes(report.bytes)}).")
        print(f"Proven equal: {report.parity}.")
    return 0


def preset_facts(model: str) -> dict[str, object]:
    """Returns what an exported file tells about the preset it came from; nothing for a file."""
    from classwise.zoo.presets import presets

    if model not in presets():
        return {}
    preset = presets()[model]
    facts = {key: getattr(preset, key) for key in ("name", "method", "dataset", "protocol")}
    expected = preset.metrics["map"]["expected"]
    return {**facts, "map": f"{expected:.4f}", "license": preset.license}
