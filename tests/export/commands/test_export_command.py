import json

import numpy as np
import onnx
import pytest
from PIL import Image

from classwise import export
from classwise.zoo.commands import main


@pytest.fixture(scope="module")
def model_file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    trained.save(path)
    return str(path)


@pytest.fixture
def folder(tmp_path, images):
    """Eight images of the hasher's size."""
    (tmp_path / "images").mkdir()
    for number, image in enumerate(images[:8]):
        Image.fromarray(image).save(tmp_path / "images" / f"{number}.png")
    return str(tmp_path / "images")


def test_onnx_by_default(model_file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", model_file, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["path"], report["format"]) == ("tiny.onnx", "onnx")
    assert report["parity"]["passed"]
    assert report["precision"] is None
    assert (tmp_path / "tiny.onnx").stat().st_size == report["bytes"]


def test_every_option_of_onnx(model_file, folder, tmp_path, capsys):
    options = "--opset 17 --batch 3 --outputs scores,code --precision int8 --keep-float none"
    output = tmp_path / "a.onnx"
    arguments = ["-o", str(output), "--calibration", folder, "--with-centres"]
    assert main(["export", model_file, *options.split(), *arguments]) == 0
    printed = capsys.readouterr()
    assert "mAP is not measured" in printed.err
    assert f"Wrote {output} (" in printed.out
    assert f"Wrote {tmp_path / 'a.scores.onnx'}." in printed.out
    assert "int8 against fp32 on 8 images" in printed.out
    model = onnx.load(output)
    assert [value.name for value in model.graph.output] == ["code", "scores"]
    assert model.opset_import[0].version == 17
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 3
    with np.load(tmp_path / "a.centres.npz") as arrays:
        assert arrays["centres"].shape == (3, 12)


def test_litert_with_scores(model_file, tmp_path, capsys):
    output = tmp_path / "a.tflite"
    options = ["--format", "litert", "--outputs", "code,scores"]
    assert main(["export", model_file, *options, "-o", str(output)]) == 0
    assert "scores by at most" in capsys.readouterr().out
    assert output.exists()


def test_saved_model(model_file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", model_file, "--format", "saved_model"]) == 0
    assert "Wrote tiny_saved_model (" in capsys.readouterr().out
    assert (tmp_path / "tiny_saved_model" / "saved_model.pb").exists()


def test_lower_precision_that_loses_too_much(
    model_file, tmp_path, capsys, monkeypatch, evaluation, images
):
    def ruin(model):
        for weight in model.graph.initializer:
            if weight.name == "hash_layer/Add/B":
                bias = np.full(12, 1e3, "float32")
                weight.CopyFrom(onnx.numpy_helper.from_array(bias, weight.name))
        del model.metadata_props[:]  # as the real one does
        return model

    monkeypatch.setattr("classwise.export.formats.lower_precision.to_float16", ruin)
    monkeypatch.setattr(
        "classwise.export.commands.measuring_images.measuring_images",
        lambda *_: {"evaluation": evaluation, "calibration": None},
    )
    output = ["-o", str(tmp_path / "a.onnx"), "--precision", "fp16", "--max-map-loss", "0.01"]
    assert main(["export", model_file, *output]) == 1
    assert "more than the 0.01 allowed" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.onnx"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--format saved_model --batch 4", "--batch is for --format onnx, not for saved_model"),
        ("--format litert --precision int8", "--precision is for --format onnx"),
        ("--format saved_model --with-centres", "--with-centers is for --format onnx"),
        ("--max-map-loss 0.1", "--max-map-loss is for --precision fp16 or int8, not for fp32"),
        ("--calibration images", "--calibration is for --precision fp16 or int8, not for fp32"),
        (
            "--precision fp32 --protocol p",
            "--protocol is for --precision fp16 or int8, not for fp32",
        ),
        (
            "--precision fp16 --keep-float hash",
            "--keep-float is for --precision int8, not for fp16",
        ),
        ("--format saved_model --outputs code", "--outputs is for --format onnx or litert"),
        (
            "-o mine.tflite",
            "--output is mine.tflite; the name of a file in format onnx must end in",
        ),
        ("-o tiny.keras", "must end in .onnx"),
        ("-o mine", "must end in .onnx"),
        ("--format litert -o mine.onnx", "must end in .tflite"),
        ("--outputs bits", "Unknown output 'bits'"),
        ("--precision int8", "int8 needs calibration images"),
        ("--precision fp16 --max-map-loss 0.1", "--max-map-loss needs a protocol"),
        ("--precision fp16 --protocol nothing", "Unknown protocol 'nothing'"),
        ("--precision int8 --calibration nowhere", "'nowhere' is not a folder"),
        ("--precision int8 --calibration fashion:test", "Unknown data set 'fashion'"),
    ],
)
def test_wrong_options(model_file, tmp_path, capsys, options, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", model_file, *options.split()]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_operator_set_out_of_range(model_file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["export", model_file, "--opset", "9"])
    assert ended.value.code == 2
    assert "--opset: '9' is not allowed; give an integer from 15" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_empty_needs_force(model_file, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("precious")
    arguments = ["export", model_file, "--format", "saved_model", "-o", str(tmp_path)]
    assert main(arguments) == 2
    assert "thesis.txt" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


def test_a_file_that_differs(model_file, tmp_path, capsys, monkeypatch):
    def differ(*_, **__):
        raise export.ParityError("The models differ: in a test.")

    monkeypatch.setattr("classwise.export.formats.to_onnx.prove", differ)
    assert main(["export", model_file, "-o", str(tmp_path / "a.onnx")]) == 1
    assert "in a test" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
