"""A versioned SavedModel for TensorFlow Serving."""

from pathlib import Path

from classwise.export.bundles.example_exchange import example_exchange, write_exchange
from classwise.export.bundles.source import BundleSource
from classwise.export.graph.signature import INPUT


def write_tensorflow_serving(source: BundleSource, folder: Path) -> None:
    """Writes a request and its right answer beside the SavedModel `NAME/1/`.

    The request is that of the REST API in row form: signature `hash`, one row an image.
    """
    image, code = example_exchange(source.hasher)
    request = {"signature_name": "hash", "instances": [{INPUT: image[0].tolist()}]}
    write_exchange(folder, request, {"predictions": code.tolist()})
