"""Measure retrieval under a protocol: tie-expected metrics of codes, and a report to look at."""

import argparse
from pathlib import Path

from classwise.zoo.commands.info_command import print_metrics
from classwise.zoo.commands.printing import count_bar, print_json, print_note
from classwise.zoo.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a preset's name, a .keras or an .onnx file, or an .npz file with query_codes, "
        "query_labels, database_codes, database_labels",
    )
    parser.add_argument(
        "--protocol", metavar="P", help="(default: the preset's own; an .npz file needs none)"
    )
    parser.add_argument(
        "--top-k", type=int, nargs="+", metavar="K", help="cut-offs (default: 100 1000)"
    )
    parser.add_argument(
        "--radius", type=int, nargs="+", default=[2], metavar="R", help="Hamming radii (default: 2)"
    )
    parser.add_argument(
        "--divisor",
        choices=("min", "hits"),
        default="min",
        help="of AP@K: min(K, relevant) or, as HashNet, the hits (default: min)",
    )
    parser.add_argument(
        "--embeddings", action="store_true", help="rank the embeddings by cosine too (a minute)"
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write an HTML page and figures")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.datasets.protocols import get_protocol
    from classwise.zoo.evaluation import evaluate

    if options.model.endswith(".npz"):
        if options.protocol is not None:
            get_protocol(options.protocol)
        protocol, images, sets = options.protocol, None, read_codes(options)
    else:
        protocol, images, sets = encode(options)
    evaluation = evaluate(
        sets,
        top_k=options.top_k,
        radius=options.radius,
        divisor=options.divisor,
        embeddings=options.embeddings,
    )
    document = {"model": options.model, "protocol": protocol, **evaluation.to_dict()}
    if options.report is not None:
        from classwise.zoo.evaluation_pages import describe_evaluation
        from classwise.zoo.retrieval.report import write_report

        report = describe_evaluation(options.model, protocol, evaluation, sets, images)
        page = write_report(options.report, report)
        print_note(f"Report: {page}")
        document["report"] = str(page)
    if options.json:
        print_json(document)
    else:
        print_evaluation(options.model, protocol, document)
    return 0


def read_codes(options: argparse.Namespace):
    """Returns the codes of an .npz file."""
    from classwise.zoo.evaluation import read_code_file

    return read_code_file(Path(options.model))


def encode(options: argparse.Namespace):
    """Returns the protocol's name and images, and the codes that the model gives them."""
    from classwise.zoo.presets import get_preset, presets

    name = options.protocol
    if name is None:
        if options.model not in presets() and Path(options.model).suffix in (".keras", ".onnx"):
            raise InputError(f"--protocol is needed for the file {options.model}.")
        name = get_preset(options.model).protocol

    from classwise.zoo.datasets.protocols import get_protocol

    protocol = get_protocol(name)

    from classwise.zoo.encoders import open_encoder
    from classwise.zoo.evaluation import encode_protocol

    encoder = open_encoder(options.model)
    images = protocol.load(options.data_dir)
    queries, database = len(images.queries), len(images.database)
    print_note(f"{name}: {queries} queries, {database} in the database, {encoder.engine}.")
    with count_bar("Encoding", queries + database) as advance:
        sets = encode_protocol(encoder, images, advance)
    return name, images, sets


def print_evaluation(model: str, protocol: str | None, document: dict) -> None:
    """Prints the figures as tables, with what was excluded."""
    print_metrics(f"{model} under {protocol}" if protocol else model, document["metrics"])
    print(f"{document['queries']} queries, {document['excluded_queries']} excluded")
    for kind, result in document["classification"].items():
        print(f"accuracy of the nearest class centre ({kind}): {result['accuracy']:.4f}")
    if document["embedding"]:
        for name, value in document["embedding"]["metrics"].items():
            print(f"embedding {name}: {value['value']:.4f}")
