"""A hasher small enough to write down, as an ONNX file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

IMAGE_SHAPE, CODE_LENGTH = (4, 3, 1), 12


@pytest.fixture
def make_onnx_file(tmp_path) -> Callable[..., Path]:
    """Returns a function that writes an ONNX file: an embedding is a product with `weights`."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    def make(
        name="hasher.onnx", batch="batch", outputs=("embedding", "code"), input_type="UINT8", seed=0
    ) -> Path:
        weights = np.random.default_rng(seed).normal(size=(12, CODE_LENGTH)).astype("float32")
        constants = {
            "flat": np.int64([-1, 12]),
            "weights": weights - weights.mean(axis=0),
            "zero": np.float32(0),
            "pads": np.int64([0, 0, 0, 4]),
            "eights": np.int64([-1, 8]),
            "powers": np.float32([[128], [64], [32], [16], [8], [4], [2], [1]]),
            "rows": np.int64([-1, 2]),
        }
        steps = [
            ("Cast", ["images"], "numbers", {"to": TensorProto.FLOAT}),
            ("Reshape", ["numbers", "flat"], "pixels", {}),
            ("MatMul", ["pixels", "weights"], "embedding", {}),
            ("Greater", ["embedding", "zero"], "positive", {}),
            ("Cast", ["positive"], "bits", {"to": TensorProto.FLOAT}),
            ("Pad", ["bits", "pads"], "padded", {}),
            ("Reshape", ["padded", "eights"], "octets", {}),
            ("MatMul", ["octets", "powers"], "bytes", {}),
            ("Reshape", ["bytes", "rows"], "byte_rows", {}),
            ("Cast", ["byte_rows"], "code", {"to": TensorProto.UINT8}),
        ]
        values = {
            "embedding": (TensorProto.FLOAT, CODE_LENGTH),
            "code": (TensorProto.UINT8, 2),
            "numbers": (TensorProto.FLOAT, *IMAGE_SHAPE),
        }
        graph = helper.make_graph(
            [helper.make_node(op, inputs, [out], **more) for op, inputs, out, more in steps],
            "hasher",
            [
                helper.make_tensor_value_info(
                    "images", TensorProto.DataType.Value(input_type), [batch, *IMAGE_SHAPE]
                )
            ],
            [
                helper.make_tensor_value_info(out, values[out][0], [batch, *values[out][1:]])
                for out in outputs
            ],
            [numpy_helper.from_array(array, key) for key, array in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
        helper.set_model_props(model, {"code_length": str(CODE_LENGTH)})
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def onnx_embeddings() -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function that computes, in NumPy, what the file of `make_onnx_file` computes."""
    weights = np.random.default_rng(0).normal(size=(12, CODE_LENGTH)).astype("float32")
    weights -= weights.mean(axis=0)
    return lambda images: images.reshape(-1, 12).astype("float32") @ weights
