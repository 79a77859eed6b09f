import sys

import pytest

from classwise import export, zoo
from classwise.export.extras import require


def test_missing_package_names_the_pip_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)  # Python then raises ModuleNotFoundError
    with pytest.raises(zoo.InputError, match=r'tf2onnx.*pip install "classwise\[onnx\]"'):
        require("tf2onnx")


@pytest.mark.parametrize("package", ["onnx", "tf2onnx", "onnxruntime"])
def test_export_without_an_extra_stops_before_any_work(monkeypatch, hasher, tmp_path, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(zoo.InputError, match=package):
        export.to_onnx(hasher, tmp_path / "new" / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_unverified_export_does_not_need_onnxruntime(monkeypatch, hasher, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    report = export.to_onnx(hasher, tmp_path / "a.onnx", verify=False)
    assert report.parity is None
    assert "not verified" in str(report)
