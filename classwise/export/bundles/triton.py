"""A model repository for NVIDIA's Triton Inference Server."""

import shutil
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
# What the name of the model that takes files ends in.
FILES = "_files"
FILES_CONFIG = """\
# {name}: the bytes of image files in (JPEG, PNG, ...), what {hasher} gives for them out.
name: "{name}"
backend: "python"
max_batch_size: {max_batch}
input [
  {{ name: "files" data_type: TYPE_STRING dims: [ 1 ] }}
]
output [
  {{ name: "embedding" data_type: TYPE_FP32 dims: [ {code_length} ] }},
  {{ name: "code" data_type: TYPE_UINT8 dims: [ {code_bytes} ] }}
]
parameters [
  {{ key: "hasher" value: {{ string_value: "{hasher}" }} }},
  {{ key: "image_shape" value: {{ string_value: "{height},{width},{channels}" }} }}
]
# One decodes while the other waits for codes.
instance_group [ {{ kind: KIND_CPU count: 2 }} ]
dynamic_batching {{ max_queue_delay_microseconds: 1000 }}
"""
# Of classwise, all that reads an image: these modules import nothing of it but each other.
CARRIED = (
    "zoo/datasets/read_images.py",
    "zoo/datasets/open_image.py",
    "zoo/foundation/errors.py",
    "zoo/foundation/extras.py",
)
PACKAGE = Path(__file__).parents[2]


def write_triton(source: BundleSource, folder: Path) -> None:
    """Writes `NAME/config.pbtxt` above `NAME/1/model.onnx`, and a request with its right answer.

    `NAME_files` beside it takes the bytes of image files. The request follows the KServe v2
    protocol; Triton looks into folders only, so the two JSON files beside those of the models do
    not disturb it.
    """
    hasher = source.hasher
    height, width, channels = hasher.image_shape
    image, code = example_exchange(hasher)
    facts = {
        "max_batch": MAX_BATCH,
        "height": height,
        "width": width,
        "channels": channels,
        "code_length": hasher.code_length,
        "code_bytes": code.shape[1],
    }
    files = f"{source.name}{FILES}"
    configs = {
        source.name: CONFIG.format(name=source.name, input=INPUT, **facts),
        files: FILES_CONFIG.format(name=files, hasher=source.name, **facts),
    }
    for name, config in configs.items():
        (folder / name).mkdir()
        (folder / name / "config.pbtxt").write_text(config, encoding="utf-8")
    write_files_model(folder / files / "1")
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


def write_files_model(folder: Path) -> None:
    """Writes the model that takes files, with the modules of classwise that it needs."""
    folder.mkdir()
    shutil.copyfile(Path(__file__).parent / "triton_files" / "model.py", folder / "model.py")
    for name in CARRIED:
        copy = folder / PACKAGE.name / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / name, copy)
        for package in copy.relative_to(folder).parents[:-1]:
            (folder / package / "__init__.py").touch()


def tensor(name: str, array) -> dict:
    """Returns a uint8 tensor in the JSON form of KServe v2, its data flat and row by row."""
    return {
        "name": name,
        "shape": list(array.shape),
        "datatype": "UINT8",
        "data": array.ravel().tolist(),
    }
