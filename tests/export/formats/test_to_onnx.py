import errno
import json
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from classwise import export, zoo

BATCHES = (1, 7, 256)


def run(path, images) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": images}), strict=True))


@pytest.mark.parametrize(
    ("code_length", "normalize", "hidden_units"),
    [
        (1, False, 0),
        (7, True, 0),
        (8, False, 0),
        (12, True, 5),
        (16, False, 6),
        (48, False, 0),
        (64, True, 0),
    ],
)
def test_codes_equal_numpy_packbits_of_keras(
    make_hasher, images, tmp_path, code_length, normalize, hidden_units
):
    hasher = make_hasher(code_length, normalize, seed=code_length, hidden_units=hidden_units)
    export.to_onnx(hasher, tmp_path / "a.onnx")
    expected = keras.ops.convert_to_numpy(hasher(images, training=False))
    if normalize:
        np.testing.assert_allclose(np.linalg.norm(expected, axis=1), 1, atol=1e-5)
    for batch in BATCHES:
        result = run(tmp_path / "a.onnx", images[:batch])
        np.testing.assert_allclose(result["embedding"], expected[:batch], atol=2e-5)
        sure = np.abs(expected[:batch]).min(axis=1) >= 1e-5
        codes = np.packbits(expected[:batch] > 0, axis=1)
        assert result["code"].dtype == np.uint8
        assert result["code"].shape == (batch, -(-code_length // 8))
        np.testing.assert_array_equal(result["code"][sure], codes[sure])


@pytest.mark.parametrize("opset", [15, 18, 23])
def test_opsets(hasher, tmp_path, opset):
    report = export.to_onnx(hasher, tmp_path / "a.onnx", opset=opset)
    assert report.parity.passed
    assert report.parity.batch_sizes == (1, 7)
    model = onnx.load(report.path)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", opset)]
    onnx.checker.check_model(model, full_check=True)


def test_names_shapes_and_types(onnx_report):
    session = onnxruntime.InferenceSession(onnx_report.path)
    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
        ("images", "tensor(uint8)", ["batch", 10, 8, 3])
    ]
    assert [(o.name, o.type, o.shape) for o in session.get_outputs()] == [
        ("embedding", "tensor(float)", ["batch", 12]),
        ("code", "tensor(uint8)", ["batch", 2]),
    ]


@pytest.mark.parametrize("name", ["embedding", "code"])
def test_a_single_output_keeps_its_name(hasher, onnx_report, images, tmp_path, name):
    report = export.to_onnx(hasher, tmp_path / "a.onnx", outputs=[name])
    assert report.parity.outputs == (name,)
    both, alone = run(onnx_report.path, images), run(report.path, images)
    assert list(alone) == [name]
    np.testing.assert_array_equal(alone[name], both[name])


def test_fixed_batch(hasher, images, tmp_path):
    report = export.to_onnx(hasher, tmp_path / "a.onnx", batch=5)
    assert report.parity.batch_sizes == (5,)
    assert report.parity.images == 24
    session = onnxruntime.InferenceSession(report.path)
    assert session.get_inputs()[0].shape == [5, 10, 8, 3]
    assert [o.shape for o in session.get_outputs()] == [[5, 12], [5, 2]]
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
        run(report.path, images[:4])


def test_metadata(hasher, tmp_path):
    given = {"preset": "tiny", "map": 0.5, "code_length": "wrong"}
    report = export.to_onnx(hasher, tmp_path / "a.onnx", metadata=given)
    model = onnx.load(report.path)
    props = {entry.key: entry.value for entry in model.metadata_props}
    assert props["preset"] == "tiny"
    assert props["map"] == "0.5"
    assert props["code_length"] == "12"
    assert "numpy.packbits" in props["bit_order"]
    assert "uint8 [batch, 10, 8, 3]" in props["input_contract"]
    assert props["classwise_version"] == model.producer_version


def test_graph_is_folded_and_readable(onnx_report):
    model = onnx.load(onnx_report.path)
    operators = onnx_report.operators
    assert operators["Conv"] == 9
    assert not {"BatchNormalization", "Identity", "Dropout", "Shape"} & set(operators)
    assert sum(operators.values()) == len(model.graph.node) <= 35
    weights = {weight.name for weight in model.graph.initializer}
    assert {
        "resnet8/stem_conv/Conv/W",
        "resnet8/stem_conv/Conv/B",
        "hash_layer/MatMul/B",
    } <= weights
    everything = weights | {node.name for node in model.graph.node}
    assert not [name for name in everything if "__" in name or ":" in name or "const" in name]


def test_two_exports_are_the_same_file(hasher, onnx_report, tmp_path):
    keras.layers.Dense(3)(np.zeros((1, 2)))  # moves the counters behind names
    again = export.to_onnx(hasher, tmp_path / "other_name.onnx")
    assert again.path.read_bytes() == onnx_report.path.read_bytes()


def test_a_reloaded_hasher_gives_the_same_codes(hasher, onnx_report, images, tmp_path):
    hasher.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    report = export.to_onnx(again, tmp_path / "a.onnx")
    for name, array in run(report.path, images).items():
        np.testing.assert_array_equal(array, run(onnx_report.path, images)[name])


def test_keras_applications_backbone(make_hasher, tmp_path):
    images = keras.Input((32, 32, 3))
    network = keras.applications.MobileNet(
        input_shape=(32, 32, 3), alpha=0.25, include_top=False, weights=None
    )
    start = keras.Model(network.input, network.get_layer("conv_pw_3_relu").output)
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    hasher = make_hasher(48, True, keras.Model(images, start(scaled), name="mobile"))
    report = export.to_onnx(hasher, tmp_path / "a.onnx")
    assert report.parity.passed
    assert report.operators["Conv"] == 7
    # Two products and one division for unit length, one product to scale the images: none of a
    # batch normalization is left.
    assert (report.operators["Mul"], report.operators["Div"]) == (3, 1)
    assert not {"BatchNormalization", "Sub"} & set(report.operators)


def test_report(onnx_report):
    assert onnx_report.bytes == onnx_report.path.stat().st_size
    figures = json.loads(json.dumps(onnx_report.to_dict()))
    assert figures["path"] == str(onnx_report.path)
    assert figures["format"] == "onnx"
    assert figures["parity"]["flipped_bits"] == 0
    assert str(onnx_report.path) in str(onnx_report)


def test_an_older_file_is_replaced(hasher, onnx_report, tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"old")
    export.to_onnx(hasher, tmp_path / "a.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == onnx_report.path.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"]


def test_a_file_that_fails_verification_never_appears(hasher, tmp_path, monkeypatch):
    (tmp_path / "a.onnx").write_bytes(b"old")
    wrong_weights = hasher.hash_layer.kernel.numpy() + 0.01
    finish = "classwise.export.onnx.onnx_model.finish_model"
    from classwise.export.onnx.onnx_model import finish_model

    def finish_wrongly(model, *arguments):
        finish_model(model, *arguments)
        for weight in model.graph.initializer:
            if weight.name == "hash_layer/MatMul/B":
                weight.CopyFrom(onnx.numpy_helper.from_array(wrong_weights, weight.name))

    monkeypatch.setattr(finish, finish_wrongly)
    with pytest.raises(export.ParityError) as caught:
        export.to_onnx(hasher, tmp_path / "a.onnx")
    assert caught.value.parity.max_difference > 1e-3
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"]
    assert (tmp_path / "a.onnx").read_bytes() == b"old"


def test_a_full_disk_leaves_nothing(hasher, tmp_path, monkeypatch):
    def write_half(path, data):
        with path.open("wb") as file:
            file.write(data[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left"):
        export.to_onnx(hasher, tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_a_target_that_cannot_be_written(hasher, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        export.to_onnx(hasher, tmp_path / "file" / "a.onnx")
    with pytest.raises(zoo.InputError, match="is a folder"):
        export.to_onnx(hasher, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("package", ["onnx", "tf2onnx", "onnxruntime"])
def test_a_missing_package_stops_before_any_work(monkeypatch, hasher, tmp_path, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(zoo.InputError, match=package):
        export.to_onnx(hasher, tmp_path / "new" / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_unverified_export_does_not_need_onnxruntime(monkeypatch, hasher, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    report = export.to_onnx(hasher, tmp_path / "a.onnx", verify=False)
    assert report.parity is None
    assert "not verified" in str(report)
