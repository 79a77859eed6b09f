"""Measure retrieval: tie-expected metrics of codes, and a report to look at.

Under a protocol, or on images of one's own: `--images DIR` lets every image ask all the others,
`--queries DIR --database DIR` lets one folder ask and another answer. Classes are the sub-folders,
matched by name. Lists (.txt, a path and 0 or 1 for every class a line) stand for folders, with
`--root DIR`, and with `--protocol` where the field has a name for them, such as coco.
Several models are compared: a row each in one table, and in the report their precision-recall
curves in one figure, their mAP against the code length where that differs, and a page each.
"""

import argparse
import contextlib
from pathlib import Path

from classwise.zoo.commands.baseline_table import note_missing, print_baselines
from classwise.zoo.commands.comparison_table import print_comparison, title
from classwise.zoo.commands.image_options import (
    add_image_options,
    note_foreign,
    note_others,
    note_skipped,
)
from classwise.zoo.commands.info_command import print_metrics
from classwise.zoo.commands.list_options import add_list_options, take_what_is_published
from classwise.zoo.commands.own_images import own_images, queries_are_the_model
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.number_ranges import CUT_OFFS, RADII
from classwise.zoo.foundation.printing import print_json, print_note

MOST_IN_A_REPORT = 7  # as many as the colors of a figure tell apart


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="a preset's name, a .keras or an .onnx file, or an .npz file: of `classwise encode "
        "--labels folders`, or with query_codes, query_labels, database_codes, database_labels; "
        "several are compared",
    )
    parser.add_argument(
        "--protocol",
        metavar="P",
        help="one for all models (default: the presets' own; .npz files alone need none)",
    )
    parser.add_argument(
        "--images", metavar="DIR", help="images of one's own; each of them asks all the others"
    )
    parser.add_argument(
        "--queries", metavar="DIR", help="images that ask, or the .npz file of their codes"
    )
    parser.add_argument(
        "--database", metavar="DIR", help="images that answer, or the .npz file of their codes"
    )
    parser.add_argument(
        "--top-k",
        type=CUT_OFFS.parse,
        nargs="+",
        metavar="K",
        help="cut-offs, at most the size of the database (default: that of a protocol of lists, "
        "else 100 1000)",
    )
    parser.add_argument(
        "--radius",
        type=RADII.parse,
        nargs="+",
        metavar="R",
        help="Hamming radii, at most the code length (default: 2)",
    )
    parser.add_argument(
        "--divisor",
        choices=("min", "hits"),
        help="of AP@K: min(K, relevant) or, as HashNet, the hits (default: that of a protocol of "
        "lists, else min)",
    )
    parser.add_argument(
        "--embeddings", action="store_true", help="rank the embeddings by cosine too (a minute)"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="write an HTML page and figures; an earlier report in DIR is replaced",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace DIR where classwise wrote it, but no report"
    )
    add_image_options(parser)
    add_list_options(parser, learns=False)
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object; a list of them for several models"
    )


def run(options: argparse.Namespace) -> int:
    queries_are_the_model(options)
    check_models(options.models, options.report)
    own = own_images(options)
    take_what_is_published(options)
    with report_folder_or_none(options) as folder:
        documents, reports = evaluate_models(options, own)
        if folder is not None:
            from classwise.zoo.evaluation.report.write_report import fill_report_folder

            pages = fill_report_folder(folder, reports)
            for document, page in zip(documents, pages, strict=True):
                document["report"] = str(options.report / page)
    if options.report is not None:
        print_note(f"Report: {options.report / 'index.html'}")
    if options.json:
        print_json(documents if len(documents) > 1 else documents[0])
    elif len(documents) > 1:
        print_comparison(documents, options.top_k, options.radius)
    else:
        print_figures(documents[0])
    for document in documents if not options.json else ():
        if "beside_baselines" in document:
            print_baselines(document["model"], document["beside_baselines"])
    return 0


def check_models(models: list[str], report: Path | None) -> None:
    """Raises `InputError` for no model, one given twice, or more than a report compares."""
    if not models:
        raise InputError(
            "Nothing is given to evaluate; name a preset, a model file or a .npz file."
        )
    for model in models:
        if models.count(model) > 1:
            raise InputError(f"{model} was given twice; name each model once.")
    if report is not None and len(models) > MOST_IN_A_REPORT:
        raise InputError(
            f"{len(models)} models were given; a report compares at most {MOST_IN_A_REPORT}, so "
            "split them, or leave --report out."
        )


def report_folder_or_none(options: argparse.Namespace):
    """Returns the context of the report's folder, which is refused or made before the work."""
    if options.report is None:
        return contextlib.nullcontext()
    from classwise.zoo.evaluation.report.report_folder import report_folder

    return report_folder(options.report, options.force)


def evaluate_models(options: argparse.Namespace, own=None) -> tuple[list[dict], list]:
    """Returns what is printed of every model, and what its page in the report shows, if any."""
    from classwise.zoo.evaluation.evaluate import evaluate_sets
    from classwise.zoo.evaluation.sources import common_protocol, open_sources

    protocol, words = options.protocol if own else None, own.words if own else ""
    if own is None:
        protocol = common_protocol(options.models, options.protocol)
    database = Path(options.database) if options.database and not own else None
    if database is not None:
        words = f"{options.models[0]} asks, {database} answers"
    sources = open_sources(options.models, protocol, options.data_dir, own, database)
    for images in filter(None, (own.queries, own.database) if own else ()):
        note_others(images.others)
        note_skipped(images.skipped)
    for source in sources:
        source.check(options.top_k, options.radius, options.divisor, options.embeddings)
    documents, reports = [], []
    for source in sources:
        sets = encode(source, protocol or words)
        note_missing(sets)
        foreign = note_foreign(source.name, sets.foreign)
        evaluation = evaluate_sets(
            sets,
            top_k=options.top_k,
            radius=options.radius,
            divisor=options.divisor,
            embeddings=options.embeddings,
        )
        facts = {"model": source.name, "protocol": protocol}
        if words:
            facts["images"] = words
        if own and own.lists:
            facts["lists"] = own.lists
        if source.resizing:
            facts["resizing"] = source.resizing
        if foreign is not None:
            facts["foreign"] = foreign
        documents.append({**facts, **evaluation.to_dict()})
        if options.report is not None:
            from classwise.zoo.evaluation.pages import describe_evaluation

            reports.append(
                describe_evaluation(
                    source.name, protocol, evaluation, sets, source.images, source.resizing, words
                )
            )
    return documents, reports


def encode(source, protocol: str):
    """Returns the codes of a source; for a model with a progress bar."""
    if not source.engine:
        return source.encode(None)
    facts = [
        protocol,
        f"{source.queries} queries",
        f"{source.database} in the database",
        source.resizing,
        source.engine,
    ]
    print_note(f"{source.name}: {', '.join(filter(None, facts))}.")
    with count_bar("Encoding", source.encoded) as advance:
        return source.encode(advance)


def print_figures(document: dict) -> None:
    """Prints the figures of one model as tables, with what was excluded."""
    print_metrics(title(document["model"], document), document["metrics"])
    alone = ", each against all the others" if document["leave_one_out"] else ""
    print(f"{document['queries']} queries, {document['excluded_queries']} excluded{alone}")
    for kind, result in document["classification"].items():
        print(f"accuracy of the nearest class center ({kind}): {result['accuracy']:.4f}")
    if document["embedding"]:
        for name, value in document["embedding"]["metrics"].items():
            print(f"embedding {name}: {value['value']:.4f}")
