"""Triton's ONNX Runtime backend, as far as these tests need it, on ONNX Runtime's Python package.

Triton imports it with Python and packages of its own; see `test_triton_server.py`.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, os.environ["TRITON_SITE"])

import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    """One model of the repository; Triton calls the methods by these names."""

    def initialize(self, args):
        config = json.loads(args["model_config"])
        folder = Path(args["model_repository"], args["model_version"])
        self.session = onnxruntime.InferenceSession(folder / config["default_model_filename"])
        self.inputs = [tensor["name"] for tensor in config["input"]]

    def execute(self, requests):
        return [self.respond(request) for request in requests]

    def respond(self, request):
        names = list(request.requested_output_names())
        feeds = {
            name: triton.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs
        }
        found = self.session.run(names, feeds)
        return triton.InferenceResponse(
            [triton.Tensor(name, array) for name, array in zip(names, found, strict=True)]
        )
