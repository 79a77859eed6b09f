"""The model of the Triton bundle that takes files, in a Python with NumPy and Pillow alone.

A stand-in for Triton's module is beside it; `test_triton_server.py` runs it in the server itself.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from classwise import zoo
from classwise.export.bundles.triton import write_files_model
from tests.export.test_preparation import ENDINGS, write_photos

SHAPE = (10, 8, 3)
TRITON = """
import numpy as np

class Tensor:
    def __init__(self, name, array):
        self.name, self.array = name, array
    def as_numpy(self):
        return self.array

class TritonError:
    def __init__(self, message):
        self.text = message
    def message(self):
        return self.text

class InferenceResponse:
    def __init__(self, output_tensors=(), error=None):
        self.tensors, self.failed = {t.name: t for t in output_tensors}, error
    def has_error(self):
        return self.failed is not None
    def error(self):
        return self.failed

class InferenceRequest:
    \"\"\"Asks a hasher whose code is the first two bytes of an image.\"\"\"
    broken = None
    def __init__(self, model_name, requested_output_names, inputs):
        assert model_name == "tiny"
        (self.images,) = [each.array for each in inputs if each.name == "images"]
    def requested_output_names(self):
        return self.wanted
    def exec(self):
        if self.broken:
            return InferenceResponse(error=TritonError(self.broken))
        flat = self.images.reshape(len(self.images), -1)
        tensors = Tensor("embedding", flat.astype("float32")), Tensor("code", flat[:, :2])
        return InferenceResponse(tensors)

class Asked:
    def __init__(self, files, wanted):
        array = np.empty((len(files), 1), object)
        array[:, 0] = files
        self.tensors, self.wanted = {"files": Tensor("files", array)}, wanted
    def requested_output_names(self):
        return self.wanted

def get_input_tensor_by_name(request, name):
    return request.tensors[name]

get_output_tensor_by_name = get_input_tensor_by_name
"""
RUN = """
import importlib.abc, json, pathlib, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = {"numpy", "PIL", "classwise", "model", "triton_python_backend_utils"}
        if top not in known and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.path[:0] = ["1", "."]
import model
import numpy as np
import triton_python_backend_utils as triton

parameters = {"hasher": "tiny", "image_shape": "10,8,3"}
parameters = {key: {"string_value": value} for key, value in parameters.items()}
hasher = model.TritonPythonModel()
hasher.initialize({"model_config": json.dumps({"parameters": parameters})})

def asked(*names, wanted=("embedding", "code")):
    return triton.Asked([pathlib.Path("photos", name).read_bytes() for name in names], wanted)

names = sorted(path.name for path in pathlib.Path("photos").iterdir())
whole = [name for name in names if name != "broken.jpg"]
halves = whole[:7], whole[7:]
requests = [asked(*halves[0]), asked(names[0], "broken.jpg"), asked(*halves[1], wanted=["code"])]
first, bad, second = hasher.execute(requests)
assert list(second.tensors) == ["code"]
codes = np.concatenate([each.tensors["code"].array for each in (first, second)])
pixels = first.tensors["embedding"].array
(only_bad,) = hasher.execute([asked("broken.jpg")])
triton.InferenceRequest.broken = "out of memory"
(failed,) = hasher.execute([asked(names[0])])
hasher.finalize()
np.savez("found.npz", pixels=pixels, codes=codes)
home = sys.modules["classwise.zoo.datasets.read_images"].__file__
errors = [each.error().text for each in (bad, only_bad, failed)]
print(json.dumps([whole, errors, home]))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What the model answers to two requests of photos of every kind, and to broken ones."""
    folder = tmp_path_factory.mktemp("model")
    write_files_model(folder / "1")
    (folder / "triton_python_backend_utils.py").write_text(TRITON)
    (folder / "photos").mkdir()
    write_photos(folder / "photos")
    for path in (folder / "photos").iterdir():
        assert path.suffix in ENDINGS
    whole = (folder / "photos" / "a.jpg").read_bytes()
    (folder / "photos" / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    names, errors, home = json.loads(done.stdout)
    with np.load(folder / "found.npz") as found:
        return folder, names, errors, home, dict(found)


def test_pixels_are_those_of_read_images(answers):
    folder, names, _, home, found = answers
    assert home.startswith(str(folder / "1"))
    assert len(names) == 18
    right = zoo.read_images([folder / "photos" / name for name in names], SHAPE).reshape(18, -1)
    np.testing.assert_array_equal(found["codes"], right[:, :2])
    np.testing.assert_array_equal(found["pixels"], right[:7])


def test_a_broken_file_fails_its_own_request_only(answers):
    *_, errors, _, _ = answers
    assert "file 1 of 2 is no image that can be read: '" in errors[0]
    assert "file 0 of 1 is no image" in errors[1]
    assert errors[2] == "out of memory"
