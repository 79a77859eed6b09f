import sys

import pytest

from classwise import zoo
from classwise.zoo.extras import require


@pytest.mark.parametrize("extra", ["onnx", "openvino"])
def test_missing_package_names_the_pip_command(monkeypatch, extra):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)  # Python then raises ModuleNotFoundError
    with pytest.raises(zoo.InputError, match=rf'tf2onnx.*pip install "classwise\[{extra}\]"'):
        require("tf2onnx", extra)
