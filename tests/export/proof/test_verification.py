import dataclasses

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from classwise import export, zoo
from classwise.export.formats.open_model import open_model
from classwise.export.proof.verification import compare, cut


@pytest.fixture
def altered(onnx_report, tmp_path):
    """Returns a function that saves the exported file with one alteration."""

    def save(alter):
        model = onnx.load(onnx_report.path)
        alter(model)
        del model.metadata_props[:]  # the digest among them would tell
        onnx.save(model, tmp_path / "altered.onnx")
        return tmp_path / "altered.onnx"

    return save


def alter_weight(name, change):
    def alter(model):
        for weight in model.graph.initializer:
            if weight.name == name:
                new = np.ascontiguousarray(change(numpy_helper.to_array(weight).copy()))
                weight.CopyFrom(numpy_helper.from_array(new, name))
                return
        raise KeyError(name)

    return alter


def test_right_file_passes(hasher, onnx_report, saved_model_report, images):
    for path in (onnx_report.path, str(saved_model_report.path)):
        parity = export.verify(hasher, path, images, batch_sizes=(1, 3, 100))
        assert parity.passed
        assert parity.images == 256
        assert parity.batch_sizes == (1, 3, 44, 100)
        assert 0 <= parity.mean_difference <= parity.max_difference < 1e-4
        assert parity.bits == 256 * 12


def test_swapped_bit_order_is_caught(hasher, altered):
    path = altered(alter_weight("MatMul/B", lambda weights: weights[::-1]))
    with pytest.raises(export.ParityError, match="bits differ") as caught:
        export.verify(hasher, path)
    assert caught.value.parity.max_difference < 1e-4
    assert caught.value.parity.flips_beyond_margin > 0
    assert caught.value.parity.changed_codes > 0


def test_padding_of_ones_is_caught(hasher, altered):
    def alter(model):
        (pad,) = [node for node in model.graph.node if node.op_type == "Pad"]
        model.graph.initializer.append(numpy_helper.from_array(np.float32(1), "one"))
        del pad.input[2:]
        pad.input.append("one")

    with pytest.raises(export.ParityError) as caught:
        export.verify(hasher, altered(alter))
    assert caught.value.parity.flip_margins[0] == np.inf


def test_altered_weight_is_caught(hasher, altered):
    def add(bias):
        bias[3] += 0.002
        return bias

    with pytest.raises(export.ParityError) as caught:
        export.verify(hasher, altered(alter_weight("hash_layer/Add/B", add)))
    assert caught.value.parity.max_difference == pytest.approx(0.002, rel=0.05)


def test_nan_is_caught(hasher, altered):
    path = altered(alter_weight("hash_layer/Add/B", lambda bias: bias * np.nan))
    with pytest.raises(export.ParityError):
        export.verify(hasher, path)


def test_runtime_error_at_one_batch_size_is_caught(hasher, onnx_report):
    model = open_model(onnx_report.path)
    (signature,) = model.signatures

    def run(images):
        if len(images) == 7:
            raise RuntimeError("only one image at a time")
        return signature.run(images)

    broken = dataclasses.replace(model, signatures=[dataclasses.replace(signature, run=run)])
    assert compare(open_model(hasher), broken, batch_sizes=(1,)).passed
    with pytest.raises(export.ParityError, match=r"batch of 7 images .only one image at a time"):
        compare(open_model(hasher), broken)


def test_wrong_number_of_rows_is_caught(hasher, altered):
    def first_row_only(model):
        code = model.graph.node[-1]
        code.output[0] = "all_codes"
        for name in ("zero", "one"):
            value = np.int64([name == "one"])
            model.graph.initializer.append(numpy_helper.from_array(value, name))
        model.graph.node.append(helper.make_node("Slice", ["all_codes", "zero", "one"], ["code"]))

    with pytest.raises(export.ParityError, match="1 of code for 7 images"):
        export.verify(hasher, altered(first_row_only))


def test_other_type_shape_or_axis_name_is_caught(hasher, make_hasher, altered, onnx_report):
    def cast_code(model):
        model.graph.node[-1].attribute[0].i = TensorProto.INT64
        model.graph.output[1].type.tensor_type.elem_type = TensorProto.INT64

    def rename_axis(model):
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "unk__9"

    with pytest.raises(zoo.InputError, match=r"has code tensor\(int64\).*has uint8 with 2 axes"):
        export.verify(hasher, altered(cast_code))
    with pytest.raises(export.ParityError, match="unk__9"):
        export.verify(hasher, altered(rename_axis))
    with pytest.raises(export.ParityError, match=r"embedding is float32 \[batch, 12\], not"):
        export.verify(make_hasher(13), onnx_report.path)


def test_other_hasher_is_caught(make_hasher, onnx_report, saved_model_report):
    other = make_hasher(seed=5)
    for path in (onnx_report.path, saved_model_report.path):
        with pytest.raises(export.ParityError) as caught:
            export.verify(other, path)
        assert caught.value.parity.max_difference > 0.01


def test_tolerance_and_margin_can_be_chosen(hasher, altered):
    path = altered(alter_weight("hash_layer/Add/B", lambda bias: bias + 0.002))
    assert export.verify(hasher, path, tolerance=0.01, margin=0.01).passed


def foreign_model() -> bytes:
    value = [helper.make_tensor_value_info(name, 1, ["n", 4]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an ONNX file"),
        (b"\x89PNG\r\n\x1a\nnot a network", "is not an ONNX file"),
        (foreign_model(), r"takes \['x'\] and gives \['y'\]"),
    ],
    ids=["empty", "another format", "another project"],
)
def test_file_that_is_no_export(hasher, tmp_path, content, message):
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(zoo.InputError, match=message):
        export.verify(hasher, tmp_path / "a.onnx")


@pytest.mark.parametrize("kept", [0.999, 0.5, 0.01])
def test_truncated_onnx_file(hasher, onnx_report, tmp_path, kept):
    content = onnx_report.path.read_bytes()
    (tmp_path / "a.onnx").write_bytes(content[: int(kept * len(content))])
    with pytest.raises(zoo.InputError, match="export it again"):
        export.verify(hasher, tmp_path / "a.onnx")


def test_missing_path_and_damaged_folder(hasher, saved_model_report, tmp_path):
    with pytest.raises(zoo.InputError, match="There is no model file or folder"):
        export.verify(hasher, tmp_path / "a.onnx")
    with pytest.raises(zoo.InputError):  # an empty folder
        export.verify(hasher, tmp_path)
    graph = (saved_model_report.path / "saved_model.pb").read_bytes()
    (tmp_path / "saved_model.pb").write_bytes(graph)  # without its variables
    with pytest.raises(zoo.InputError, match="is not a SavedModel"):
        export.verify(hasher, tmp_path)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 10, 8, 3), "float32"),
        np.zeros((2, 8, 10, 3), "uint8"),
        np.zeros((10, 8, 3), "uint8"),
        np.zeros((0, 10, 8, 3), "uint8"),
        [[0]],
    ],
    ids=["type", "size", "rank", "none", "list"],
)
def test_wrong_images(hasher, onnx_report, images):
    with pytest.raises(zoo.InputError, match=r"must be a uint8 array \[N, 10, 8, 3\]"):
        export.verify(hasher, onnx_report.path, images)


@pytest.mark.parametrize("sizes", [(), (0,), (4, -1)])
def test_wrong_batch_sizes(hasher, onnx_report, sizes):
    with pytest.raises(zoo.InputError, match="batch_sizes is"):
        export.verify(hasher, onnx_report.path, batch_sizes=sizes)


@pytest.mark.parametrize("bound", [{"margin": float("nan")}, {"tolerance": -1e-9}])
def test_wrong_bounds(hasher, onnx_report, bound):
    with pytest.raises(zoo.InputError, match="it must be a number from 0 on"):
        export.verify(hasher, onnx_report.path, **bound)


def test_batches_hold_every_image_once():
    parts = list(cut(np.arange(20), (1, 7)))
    assert [len(part) for part in parts] == [1, 7, 1, 7, 1, 3]
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(20))
