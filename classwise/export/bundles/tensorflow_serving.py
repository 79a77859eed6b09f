"""A versioned SavedModel for TensorFlow Serving."""

from pathlib import Path

from classwise.export.bundles.example_exchange import example_exchange, write_exchange
from classwise.export.bundles.source import BundleSource
from classwise.export.formats.saved_model import to_saved_model
from classwise.export.graph.signature import INPUT
from classwise.export.proof.report import ExportReport


def write_tensorflow_serving(source: BundleSource, folder: Path) -> ExportReport:
    """Writes the SavedModel `NAME/1/`, and a request with its right answer.

    The request is that of the REST API in row form: signature `hash`, one row an image.
    """
    report = to_saved_model(source.hasher, folder / source.name / "1")
    image, code = example_exchange(source.hasher)
    request = {"signature_name": "hash", "instances": [{INPUT: image[0].tolist()}]}
    write_exchange(folder, request, {"predictions": code.tolist()})
    return report
