import json
import types

import numpy as np
import onnx
import pytest

from classwise import export, zoo
from classwise.export.graph.model import Model, Signature, Tensor
from classwise.export.proof.precision import PrecisionReport
from classwise.zoo.retrieval import evaluate_codes

LENGTH = 12


def model_of(function, size) -> Model:
    """A model that computes embeddings by a NumPy function."""
    tensors = {
        "images": Tensor("uint8", ("batch", 10, 8, 3)),
        "embedding": Tensor("float32", ("batch", LENGTH)),
        "code": Tensor("uint8", ("batch", 2)),
    }

    def run(images):
        embedding = function(images)
        return {"embedding": embedding, "code": np.packbits(embedding > 0, axis=1)}

    outputs = {name: tensors[name] for name in ("embedding", "code")}
    signature = Signature("", {"images": tensors["images"]}, outputs, run)
    return Model("made", "NumPy", [signature], size)


def exact(images):
    weights = np.random.default_rng(0).normal(size=(240, LENGTH)).astype("float32")
    return (images.reshape(len(images), -1) / 255 - 0.5).astype("float32") @ weights


def rough(images):
    return exact(images) + np.float32(0.4)


def test_figures_equal_naive_ones(evaluation):
    report = export.compare_precision(
        "int8", model_of(exact, 100), model_of(rough, 40), evaluation=evaluation
    )
    sets = evaluation.queries, evaluation.database
    images = np.concatenate([part.images for part in sets])
    margins, changed = [], 0
    for right, found in zip(exact(images), rough(images), strict=True):
        flips = [abs(a) for a, b in zip(right, found, strict=True) if (a > 0) != (b > 0)]
        margins += flips
        changed += bool(flips)
    assert (report.images, report.bits) == (120, 120 * LENGTH)
    assert (report.flipped_bits, report.changed_codes) == (len(margins), changed)
    assert report.flip_margin["median"] == pytest.approx(np.median(margins))
    assert report.flip_margin["largest"] == pytest.approx(max(margins))
    assert report.max_difference == pytest.approx(0.4, abs=1e-5)
    for function, value in ((exact, report.map_fp32), (rough, report.map)):
        query, database = (np.packbits(function(part.images) > 0, axis=1) for part in sets)
        labels = (part.labels for part in sets)
        result = evaluate_codes(query, next(labels), database, next(labels), code_length=LENGTH)
        assert value == result.metrics["map"].expected
    assert report.map_loss == report.map_fp32 - report.map
    assert (report.bytes_fp32, report.bytes) == (100, 40)


def test_images_that_ask_each_other_find_no_image_itself(evaluation):
    alone = evaluation.database
    report = export.compare_precision(
        "int8",
        model_of(exact, 100),
        model_of(rough, 40),
        evaluation=types.SimpleNamespace(queries=alone, database=alone),
    )
    assert report.images == len(alone)
    for function, value in ((exact, report.map_fp32), (rough, report.map)):
        codes = function(alone.images) > 0
        found = []
        for asking in range(len(alone)):
            others = np.arange(len(alone)) != asking
            result = evaluate_codes(
                np.packbits(codes[[asking]], axis=1),
                alone.labels[[asking]],
                np.packbits(codes[others], axis=1),
                alone.labels[others],
                code_length=LENGTH,
            )
            found.append(result.metrics["map"].expected)
        assert value == pytest.approx(np.mean(found))


def test_equal_models_on_plain_images(images):
    report = export.compare_precision("fp16", model_of(exact, 10), model_of(exact, 5), images)
    assert (report.images, report.flipped_bits, report.changed_codes) == (256, 0, 0)
    assert (report.flip_margin, report.map, report.map_loss) == (None, None, None)
    assert "mAP" not in str(report)
    assert "0.000% of bits" in str(report)
    figures = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert figures["share_of_bits"] == 0


def test_a_code_that_is_not_the_sign_is_caught(images):
    good = model_of(exact, 1)
    (signature,) = good.signatures
    broken = Signature(
        "",
        signature.inputs,
        signature.outputs,
        lambda batch: signature.run(batch) | {"code": np.zeros((len(batch), 2), "uint8")},
    )
    with pytest.raises(export.ParityError, match="not the packed sign"):
        export.compare_precision("fp16", good, Model("", "", [broken], 1), images)


def test_neither_images_nor_an_evaluation():
    with pytest.raises(zoo.InputError, match="images or an evaluation"):
        export.compare_precision("fp16", model_of(exact, 1), model_of(exact, 1))


@pytest.mark.parametrize(
    ("precision", "opset"), [("fp16", 15), ("fp16", 23), ("int8", 15), ("int8", 23)]
)
def test_lower_precision_is_written_and_measured(hasher, images, tmp_path, precision, opset):
    report = export.to_onnx(
        hasher, tmp_path / "a.onnx", precision=precision, calibration=images[:64], opset=opset
    )
    assert report.parity.passed  # of the float32 graph with Keras
    assert isinstance(report.precision, PrecisionReport)
    assert report.precision.flipped_bits / report.precision.bits < 0.02
    assert report.precision.max_difference > 0
    assert report.cpu_only_operators == {}
    model = onnx.load(report.path)
    onnx.checker.check_model(model, full_check=True)
    props = {entry.key: entry.value for entry in model.metadata_props}
    assert props["precision"] == precision
    assert not [key for key in props if key.startswith("onnx.")]
    assert [(o.domain, o.version) for o in model.opset_import] == [("", opset)]
    assert export.verify(hasher, report.path, images[:9], tolerance=0.5, margin=0.5).passed


@pytest.mark.parametrize("outputs", [("code",), ("embedding",)])
def test_one_output_of_lower_precision(hasher, images, tmp_path, outputs):
    report = export.to_onnx(hasher, tmp_path / "a.onnx", precision="fp16", outputs=outputs, batch=3)
    model = onnx.load(report.path)
    assert [value.name for value in model.graph.output] == list(outputs)
    assert (model.producer_name, model.graph.name) == ("classwise", "hasher")
    assert export.verify(hasher, report.path, images[:9], tolerance=0.5, margin=0.5).passed


def test_a_loss_of_map_above_the_limit_writes_nothing(
    hasher, images, evaluation, tmp_path, monkeypatch
):
    def ruin(model, calibration, keep_float):
        for weight in model.graph.initializer:
            if weight.name == "hash_layer/Add/B":  # every bit becomes 1
                bias = np.full(LENGTH, 1e3, "float32")
                weight.CopyFrom(onnx.numpy_helper.from_array(bias, weight.name))
        del model.metadata_props[:]  # as the real one does
        return model

    monkeypatch.setattr("classwise.export.formats.lower_precision.to_int8", ruin)
    options = {"precision": "int8", "calibration": images[:32], "evaluation": evaluation}
    with pytest.raises(export.PrecisionError, match=r"of mAP, more than the 0.005") as caught:
        export.to_onnx(hasher, tmp_path / "a.onnx", **options)
    assert caught.value.precision.map_loss > 0.005
    assert not list(tmp_path.iterdir())
    options |= {"max_map_loss": 1, "metadata": {"map": "0.9999", "preset": "p"}}
    report = export.to_onnx(hasher, tmp_path / "a.onnx", **options)
    told = {entry.key: entry.value for entry in onnx.load(report.path).metadata_props}
    assert told["map"] == f"{report.precision.map:.4f}"  # its own, and not that of float32
    assert told["preset"] == "p"


def test_a_file_of_lower_precision_tells_no_map_that_was_not_measured(hasher, tmp_path):
    metadata = {"map": "0.9999"}
    report = export.to_onnx(hasher, tmp_path / "a.onnx", precision="fp16", metadata=metadata)
    assert "map" not in {entry.key for entry in onnx.load(report.path).metadata_props}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "fp8"}, "Unknown precision 'fp8'; did you mean"),
        ({"precision": "int8"}, "int8 needs calibration images"),
        ({"precision": "fp16", "max_map_loss": -0.1}, "max_map_loss is -0.1"),
    ],
)
def test_wrong_arguments(hasher, tmp_path, options, message):
    with pytest.raises(zoo.InputError, match=message):
        export.to_onnx(hasher, tmp_path / "a.onnx", **options)
    assert not list(tmp_path.iterdir())


def test_calibration_images_of_another_size(hasher, tmp_path):
    wrong = np.zeros((4, 8, 10, 3), "uint8")
    with pytest.raises(zoo.InputError, match=r"\[N, 10, 8, 3\]"):
        export.to_onnx(hasher, tmp_path / "a.onnx", precision="int8", calibration=wrong)
