"""A model repository for NVIDIA's Triton Inference Server."""

from pathlib import Path

from classwise.export.bundles.example_exchange import example_exchange, write_exchange
from classwise.export.bundles.source import BundleSource
from classwise.export.graph.signature import INPUT

# Requests that arrive within a millisecond run together, up to this many images.
MAX_BATCH = 128
CONFIG = """\
# {name}: uint8 images in, embedding and packed code out.
# bit k of a code is bit 7 - k % 8 of byte k // 8 (numpy.packbits), 1 where embedding k > 0.
name: "{name}"
backend: "onnxruntime"
default_model_filename: "model.onnx"
max_batch_size: {max_batch}
input [
  {{ name: "{input}" data_type: TYPE_UINT8 dims: [ {height}, {width}, {channels} ] }}
]
output [
  {{ name: "embedding" data_type: TYPE_FP32 dims: [ {code_length} ] }},
  {{ name: "code" data_type: TYPE_UINT8 dims: [ {code_bytes} ] }}
]
dynamic_batching {{ max_queue_delay_microseconds: 1000 }}
"""


def write_triton(source: BundleSource, folder: Path) -> None:
    """Writes `NAME/config.pbtxt` above `NAME/1/model.onnx`, and a request with its right answer.

    The request follows the KServe v2 protocol; Triton looks into folders only, so the two JSON
    files beside the model's folder do not disturb it.
    """
    hasher = source.hasher
    height, width, channels = hasher.image_shape
    image, code = example_exchange(hasher)
    config = CONFIG.format(
        name=source.name,
        max_batch=MAX_BATCH,
        input=INPUT,
        height=height,
        width=width,
        channels=channels,
        code_length=hasher.code_length,
        code_bytes=code.shape[1],
    )
    (folder / source.name).mkdir()
    (folder / source.name / "config.pbtxt").write_text(config, encoding="utf-8")
    request = {
        "inputs": [tensor(INPUT, image)],
        "outputs": [{"name": "code"}],
    }
    response = {
        "model_name": source.name,
        "model_version": "1",
        "outputs": [tensor("code", code)],
    }
    write_exchange(folder, request, response)


def tensor(name: str, array) -> dict:
    """Returns a uint8 tensor in the JSON form of KServe v2, its data flat and row by row."""
    return {
        "name": name,
        "shape": list(array.shape),
        "datatype": "UINT8",
        "data": array.ravel().tolist(),
    }
