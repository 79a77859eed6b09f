import re
import shlex
import sys

import pytest

from classwise import zoo
from classwise.zoo.foundation.extras import require


@pytest.mark.parametrize(
    ("extra", "packages"),
    [("onnx", ["onnx", "onnxruntime", "tf2onnx"]), ("openvino", ["openvino"])],
)
def test_missing_package_names_the_pip_command_of_its_extra(monkeypatch, extra, packages):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)  # Python then raises ModuleNotFoundError
    with pytest.raises(zoo.InputError, match=r"tf2onnx.*pip install ") as caught:
        require("tf2onnx", extra)
    _, _, command = str(caught.value).partition("pip install ")
    named = [re.match(r"[\w-]+", word)[0] for word in shlex.split(command)]
    assert sorted(named) == packages
