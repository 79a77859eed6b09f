"""Compare two models bit by bit: presets, .keras, SavedModel, ONNX and LiteRT files."""

import argparse
from pathlib import Path

from classwise.zoo.foundation.printing import megabytes, print_json, print_note, print_table

MODEL = (
    "a preset's name, a .keras, .onnx or .tflite file, a SavedModel folder, or an ONNX file with "
    "what runs it, openvino:FILE or cuda:FILE"
)
BATCH_SIZES = (1, 7, 256)
MARGINS_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="A", help=f"what counts as right: {MODEL}")
    parser.add_argument("second", metavar="B", help="what is compared with it, any of these too")
    parser.add_argument(
        "--images",
        metavar="DIR",
        help="compare on the images of this folder, or TFDS split name:split (default: made ones)",
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument(
        "--margin",
        type=float,
        default=1e-5,
        metavar="X",
        help="forgive a flipped bit where |embedding| is below X (default: 1e-5)",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=1e-4,
        metavar="X",
        help="largest difference of embeddings, times the largest |embedding| if that is above 1 "
        "(default: 1e-4)",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.export import ParityError
    from classwise.export.commands.image_source import load_images
    from classwise.export.graph.signature import INPUT
    from classwise.export.proof.model_contract import check_contract
    from classwise.export.proof.runtimes import open_model
    from classwise.export.proof.verification import compare

    first, second = open_model(options.first), open_model(options.second)
    models = {"first": first.to_dict(), "second": second.to_dict()}
    arguments = {"margin": options.margin, "tolerance": options.tolerance}
    if options.images is not None:
        check_contract(first)
        image_shape = first.signatures[0].inputs[INPUT].shape[1:]
        images = load_images(options.images, image_shape, options.data_dir).images
        arguments |= {"images": images, "batch_sizes": BATCH_SIZES}
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
