"""Takes the bytes of image files to the hasher beside it, for Triton's backend in Python.

`write_triton` copies this file into the bundle, with the modules of classwise that it imports: they
read an image into the very pixels that `zoo.read_images` gives. The server's Python needs NumPy and
Pillow, nothing else.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Where the copies lie, before a classwise that the server may have.
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import triton_python_backend_utils as triton


class TritonPythonModel:
    """One model of the repository; Triton calls the methods by these names."""

    def initialize(self, args):
        config = json.loads(args["model_config"])
        settings = {key: each["string_value"] for key, each in config["parameters"].items()}
        self.hasher = settings["hasher"]
        self.image_shape = tuple(map(int, settings["image_shape"].split(",")))
        self.threads = ThreadPoolExecutor(os.cpu_count())

    def execute(self, requests):
        """Decodes the files of all requests, which Triton has gathered, and encodes them at once.

        A request with a file that is no image gets an error; the others get their codes.
        """
        files = [
            triton.get_input_tensor_by_name(request, "files").as_numpy().ravel().tolist()
            for request in requests
        ]
        reading = [[self.threads.submit(self.read, file) for file in each] for each in files]
        found = [self.pixels(each) for each in reading]
        good = [pixels for pixels in found if not isinstance(pixels, str)]
        answers = iter(self.encoded(good) if good else [])
        responses = []
        for request, pixels in zip(requests, found, strict=True):
            answer = pixels if isinstance(pixels, str) else next(answers)
            if isinstance(answer, str):
                error = triton.TritonError(answer)
                responses.append(triton.InferenceResponse(error=error))
                continue
            wanted = request.requested_output_names()
            tensors = [triton.Tensor(name, answer[name]) for name in answer if name in wanted]
            responses.append(triton.InferenceResponse(tensors))
        return responses

    def read(self, file):
        from classwise.zoo.datasets.read_images import read_images

        return read_images(file, self.image_shape)

    def pixels(self, reading):
        """Returns the images of a request, uint8 [N, H, W, C], or why one cannot be read."""
        images = []
        for number, each in enumerate(reading):
            try:
                images.append(each.result())
            except Exception as error:
                return f"file {number} of {len(reading)} is no image that can be read: {error}"
        return np.concatenate(images)

    def encoded(self, parts):
        """Returns the outputs of the hasher for each request, or for each why there are none."""
        names = ["embedding", "code"]
        request = triton.InferenceRequest(
            model_name=self.hasher,
            requested_output_names=names,
            inputs=[triton.Tensor("images", np.concatenate(parts))],
        )
        response = request.exec()
        if response.has_error():
            return [response.error().message()] * len(parts)
        ends = np.cumsum([len(part) for part in parts])[:-1]
        split = [
            np.split(triton.get_output_tensor_by_name(response, name).as_numpy(), ends)
            for name in names
        ]
        return [dict(zip(names, arrays, strict=True)) for arrays in zip(*split, strict=True)]

    def finalize(self):
        self.threads.shutdown()
