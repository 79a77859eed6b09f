import json

import onnx
import pytest
from onnx import helper

from classwise import export
from classwise.export.onnx.gpu_operators import LIST, cpu_only_operators, gpu_operators


def test_every_operator_of_an_export_runs_on_gpus(onnx_report):
    assert onnx_report.cpu_only_operators == {}
    assert onnx_report.operators.keys() <= gpu_operators()["cuda"]
    assert onnx_report.operators.keys() <= gpu_operators()["tensorrt"]


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("code_length", [7, 64])
def test_of_other_exports_too(make_hasher, tmp_path, code_length, normalize):
    hasher = make_hasher(code_length, normalize)
    report = export.to_onnx(hasher, tmp_path / "a.onnx", opset=21, verify=False)
    assert report.cpu_only_operators == {}


def test_operators_that_fall_back_to_the_cpu_are_found():
    nodes = [
        helper.make_node("BitShift", ["a", "b"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Acos", ["d"], ["e"]),
        helper.make_node("Relu", ["e"], ["f"], domain="com.example"),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", [], []))
    assert cpu_only_operators(model) == {
        "BitShift": ["cuda", "tensorrt"],
        "Acos": ["cuda"],
        "Relu": ["cuda", "tensorrt"],
    }


def test_the_list_names_its_sources_and_only_operators_that_exist():
    providers = json.loads(LIST.read_text())["providers"]
    for entry in providers.values():
        assert entry["source"].startswith("github.com/")
        assert entry["operators"] == sorted(set(entry["operators"]))
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
    assert gpu_operators()["tensorrt"] <= known
    # the first version of ONNX Runtime had these of its own
    assert gpu_operators()["cuda"] - known <= {"Affine", "Crop", "ImageScaler"}
