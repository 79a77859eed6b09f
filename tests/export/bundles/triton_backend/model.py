"""Triton's ONNX Runtime backend, as far as these tests need it, on ONNX Runtime's Python package.

Triton imports it with Python and packages of its own; see `test_triton_server.py`.
"""

import json
import os
import sys
from pathlib import Path

# Triton's Python does not look at PYTHONPATH.
sys.path.insert(0, os.environ["TRITON_SITE"])

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    """One model of the repository; Triton calls the methods by these names."""

    def initialize(self, args):
        config = json.loads(args["model_config"])
        folder = Path(args["model_repository"], args["model_version"])
        self.session = onnxruntime.InferenceSession(folder / config["default_model_filename"])
        self.inputs = [tensor["name"] for tensor in config["input"]]
        self.outputs = [tensor["name"] for tensor in config["output"]]

    def execute(self, requests):
        """Runs the images of all requests, which Triton has gathered, as one batch."""
        parts = [
            [triton.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs]
            for request in requests
        ]
        feeds = dict(zip(self.inputs, map(np.concatenate, zip(*parts, strict=True)), strict=True))
        ends = np.cumsum([len(arrays[0]) for arrays in parts])[:-1]
        found = [np.split(array, ends) for array in self.session.run(self.outputs, feeds)]
        return [
            triton.InferenceResponse(
                [
                    triton.Tensor(name, array)
                    for name, array in zip(self.outputs, arrays, strict=True)
                    if name in request.requested_output_names()
                ]
            )
            for request, arrays in zip(requests, zip(*found, strict=True), strict=True)
        ]
