import json

import pytest
from PIL import Image

from classwise.zoo.commands import main


@pytest.fixture(scope="module")
def keras_file(hasher, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    hasher.save(path)
    return str(path)


def test_two_formats_on_made_images(onnx_report, saved_model_report, capsys):
    assert main(["verify", str(onnx_report.path), str(saved_model_report.path)]) == 0
    table = capsys.readouterr().out
    for part in ("ONNX Runtime", "TensorFlow", "equal", "0 of 288", "24, in batches of 1, 7"):
        assert part in table


def test_json_on_a_folder_of_images(keras_file, onnx_report, images, tmp_path, capsys):
    for number, image in enumerate(images[:9]):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    arguments = ["verify", keras_file, str(onnx_report.path), "--images", str(tmp_path), "--json"]
    assert main(arguments) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["first"]["source"] == keras_file
    assert figures["second"]["engine"].startswith("ONNX Runtime")
    assert (figures["images"], figures["bits"], figures["flipped_bits"]) == (9, 9 * 12, 0)
    assert figures["batch_sizes"] == [1, 7]
    assert figures["passed"]


def test_a_broken_image_in_the_folder(keras_file, onnx_report, images, tmp_path, capsys):
    for number, image in enumerate(images[:3]):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "0.png").read_bytes()[:60])
    arguments = ["verify", keras_file, str(onnx_report.path), "--images", str(tmp_path), "--json"]
    assert main(arguments) == 2
    assert "--skip-bad-files" in capsys.readouterr().err
    assert main([*arguments, "--skip-bad-files"]) == 0
    found = capsys.readouterr()
    assert json.loads(found.out)["images"] == 3
    assert "broken.png" in found.err


def test_models_that_differ(make_hasher, onnx_report, tmp_path, capsys):
    make_hasher(seed=5).save(tmp_path / "other.keras")
    arguments = ["verify", str(tmp_path / "other.keras"), str(onnx_report.path)]
    assert main(arguments) == 1
    table = capsys.readouterr().out
    assert "DIFFERENT" in table
    assert "|embedding| at the flipped bits" in table
    assert main([*arguments, "--margin", "1e9", "--tolerance", "1e9"]) == 0
    assert main([*arguments, "--json"]) == 1
    assert '"passed": false' in capsys.readouterr().out


def test_models_that_cannot_be_compared(make_hasher, onnx_report, tmp_path, capsys):
    make_hasher(13).save(tmp_path / "longer.keras")
    assert main(["verify", str(tmp_path / "longer.keras"), str(onnx_report.path), "--json"]) == 1
    printed = capsys.readouterr()
    outcome = json.loads(printed.out)
    assert outcome["passed"] is False
    assert "embedding is float32 [batch, 12], not" in outcome["reason"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("nothing.onnx", "There is no model file or folder nothing.onnx"),
        ("nothing.tflite", "There is no model file or folder nothing.tflite"),
        ("nothing", "Unknown preset or file 'nothing'"),
    ],
)
def test_a_model_that_is_not_there(onnx_report, capsys, second, message):
    assert main(["verify", str(onnx_report.path), second]) == 2
    assert message in capsys.readouterr().err


def test_images_that_are_not_there(onnx_report, capsys):
    path = str(onnx_report.path)
    assert main(["verify", path, path, "--images", "nowhere"]) == 2
    assert "'nowhere' is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--margin", "--tolerance"])
@pytest.mark.parametrize("value", ["-1", "nan", "much"])
def test_bounds_that_are_none(onnx_report, capsys, option, value):
    path = str(onnx_report.path)
    with pytest.raises(SystemExit) as ended:
        main(["verify", path, path, f"{option}={value}"])
    assert ended.value.code == 2
    assert f"'{value}' is not allowed; give a number from 0 to" in capsys.readouterr().err
