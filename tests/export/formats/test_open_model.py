"""Any two of the formats, each in its runtime, compared with each other."""

import dataclasses
import itertools
import sys

import numpy as np
import pytest

from classwise import export, zoo
from classwise.export.formats.open_model import open_model
from classwise.export.proof.verification import compare

FORMATS = ("keras", "onnx", "saved_model", "litert", "openvino")


@pytest.fixture(scope="session")
def places(hasher, onnx_report, saved_model_report, litert_report, tmp_path_factory):
    """Returns what names each format on the command line."""
    pytest.importorskip("openvino")
    keras_file = tmp_path_factory.mktemp("keras") / "tiny.keras"
    hasher.save(keras_file)
    return {
        "keras": str(keras_file),
        "onnx": str(onnx_report.path),
        "saved_model": str(saved_model_report.path),
        "litert": str(litert_report.path),
        "openvino": f"openvino:{onnx_report.path}",
    }


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(FORMATS, 2)))
def test_any_two_formats_agree(places, images, first, second):
    parity = export.verify(places[first], places[second], images[:20], batch_sizes=(1, 7, 12))
    assert parity.passed
    assert parity.images == 20
    assert parity.max_difference < 1e-4
    assert parity.bits == 20 * 12


@pytest.mark.parametrize("name", FORMATS)
def test_what_each_runtime_tells(places, name):
    model = open_model(places[name])
    engines = {
        "keras": "Keras ",
        "onnx": "ONNX Runtime ",
        "saved_model": "TensorFlow ",
        "litert": "LiteRT ",
        "openvino": "OpenVINO ",
    }
    assert model.engine.startswith(engines[name])
    assert model.bytes > 1000
    signature = model.signatures[0]
    assert signature.batch is None
    assert str(signature.inputs["images"]) == "uint8 [batch, 10, 8, 3]"
    assert str(signature.outputs["embedding"]) == "float32 [batch, 12]"
    assert set(model.to_dict()) == {"source", "engine", "bytes"}


def test_codes_alone_are_compared_with_the_other_side_s_margins(hasher, places, tmp_path, images):
    codes = export.to_onnx(hasher, tmp_path / "codes.onnx", outputs=["code"], batch=5).path
    for pair in ((codes, places["litert"]), (places["litert"], codes)):
        parity = export.verify(*pair, images[:12])
        assert (parity.bits, parity.flipped_bits, parity.max_difference) == (12 * 12, 0, None)
    assert export.verify(codes, codes, images[:12]).bits == 12 * 16  # padding included
    with pytest.raises(export.ParityError):
        export.verify(codes, export.to_onnx(zoo_like(hasher), tmp_path / "b.onnx").path)


def zoo_like(hasher) -> zoo.Hasher:
    """Returns another hasher with the same backbone."""
    return zoo.Hasher(hasher.backbone, code_length=12, num_classes=3)


def test_models_with_no_output_in_common(hasher, trained, tmp_path):
    scores = export.to_onnx(trained, tmp_path / "s.onnx", outputs=["scores"]).path
    with pytest.raises(zoo.InputError, match="no output in common"):
        compare(open_model(scores), without_scores(open_model(hasher)))
    with pytest.raises(zoo.InputError, match="no output in common"):
        compare(open_model(hasher), open_model(scores))


def without_scores(model):
    (signature,) = model.signatures
    outputs = {"embedding": signature.outputs["embedding"]}
    return dataclasses.replace(model, signatures=[dataclasses.replace(signature, outputs=outputs)])


@pytest.mark.parametrize("count", [1, 5, 8, 10])
def test_a_fixed_batch_takes_any_number_of_images(hasher, images, tmp_path, count):
    path = export.to_onnx(hasher, tmp_path / "a.onnx", batch=5, verify=False).path
    result = open_model(path).signatures[0].compute(images[:count])
    expected = np.asarray(hasher(images[:count], training=False))
    np.testing.assert_allclose(result["embedding"], expected, atol=2e-5)


@pytest.mark.parametrize("prefix", ["", "openvino:", "cuda:"])
@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_missing_and_damaged_files(tmp_path, litert_report, suffix, prefix):
    name = f"{prefix}{tmp_path}/a{suffix}"
    missing = r"needs a \.onnx file after it" if prefix else "There is no model file or folder"
    with pytest.raises(zoo.InputError, match=missing):
        open_model(name)
    (tmp_path / f"a{suffix}").write_bytes(b"\x89PNG not a network")
    with pytest.raises(zoo.InputError, match="export it again"):
        open_model(name)


def test_a_runtime_is_named_before_the_file(onnx_report, images):
    assert open_model(f"cpu:{onnx_report.path}").engine.endswith(" on cpu")
    assert export.verify(onnx_report.path, f"cpu:{onnx_report.path}", images[:3]).passed
    with pytest.raises(zoo.InputError, match="Unknown runtime 'cdua'; did you mean 'cuda'"):
        open_model(f"cdua:{onnx_report.path}")
    with pytest.raises(zoo.InputError, match="'dcwh_some_preset' is none; `classwise export`"):
        open_model("cuda:dcwh_some_preset")


@pytest.mark.parametrize("provider", ["cuda", "tensorrt", "coreml"])
def test_a_provider_that_is_named_must_run(onnx_report, provider):
    with pytest.raises(zoo.InputError, match=f"The provider '{provider}' does not run here, 'cpu'"):
        open_model(f"{provider}:{onnx_report.path}")


def test_a_truncated_litert_file(litert_report, tmp_path):
    (tmp_path / "a.tflite").write_bytes(litert_report.path.read_bytes()[:3000])
    with pytest.raises(zoo.InputError, match=r"is not a \.tflite file that LiteRT can load"):
        open_model(tmp_path / "a.tflite")


@pytest.mark.parametrize(("module", "name"), [("openvino", "openvino:{}"), ("onnxruntime", "{}")])
def test_a_missing_runtime_names_the_pip_command(onnx_report, monkeypatch, module, name):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(zoo.InputError, match=rf"pip install .*'{module}>="):
        open_model(name.format(onnx_report.path))
