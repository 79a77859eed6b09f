import json

import keras
import numpy as np
import pytest

from classwise.zoo import read_images


def test_encode_a_labeled_folder(classwise, model_file, image_folder, tmp_path):
    output = tmp_path / "codes.npz"
    arguments = ("encode", model_file, image_folder, "-o", output, "--embeddings")
    status, out, _ = classwise(*arguments, "--labels", "folders")
    assert status == 0
    assert str(output) in out
    found = np.load(output)
    paths = sorted(image_folder.rglob("*.png"))
    hasher = keras.saving.load_model(model_file)
    expected = hasher.encode(read_images(paths, (28, 28, 1)), verbose=0)
    np.testing.assert_array_equal(found["codes"], expected)
    assert found["names"].tolist() == [str(p.relative_to(image_folder)) for p in paths]
    assert found["labels"].tolist() == [0, 0, 0, 1, 1, 1]
    assert found["class_names"].tolist() == ["bag", "coat"]
    assert found["embeddings"].shape == (6, 12)
    assert int(found["code_length"]) == 12


def test_encode_a_flat_folder_in_small_batches(classwise, model_file, image_folder, tmp_path):
    output = tmp_path / "codes.npz"
    folder = image_folder / "bag"
    assert classwise("encode", model_file, folder, "-o", output, "--batch-size", "2")[0] == 0
    found = np.load(output)
    assert len(found["codes"]) == 3
    assert "labels" not in found
    assert "embeddings" not in found


def test_broken_images_are_named_or_counted(classwise, model_file, image_folder, tmp_path):
    output = tmp_path / "codes.npz"
    bad = image_folder / "bag" / "1.png"
    bad.write_bytes(bad.read_bytes()[:200])
    (image_folder / "coat" / "2.png").write_bytes(b"")
    status, out, err = classwise("encode", model_file, image_folder, "-o", output)
    assert (status, out) == (2, "")
    assert "coat/2.png" in err
    assert not output.exists()

    arguments = ("encode", model_file, image_folder, "-o", output, "--skip-bad-files", "--json")
    status, out, err = classwise(*arguments)
    assert status == 0
    outcome = json.loads(out)
    assert (outcome["skipped"], outcome["images"]) == (2, 4)
    assert "skipped bag/1.png" in err
    assert "skipped coat/2.png" in err
    assert len(np.load(output)["codes"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing", "."), "Unknown preset or file 'nothing'"),
        (("MODEL", "no/such/folder"), "not a folder"),
        (("MODEL", "fashion_mnits:test"), "did you mean 'fashion_mnist'"),
        (("MODEL", "fashion_mnist:tset"), "did you mean 'test'"),
        (("MODEL", "EMPTY"), "holds no image"),
        (("gone.keras", "."), "no model file"),
    ],
)
def test_encode_input_errors(classwise, model_file, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    names = {"MODEL": model_file, "EMPTY": tmp_path / "empty"}
    arguments = [names.get(argument, argument) for argument in arguments]
    status, out, err = classwise("encode", *arguments, "-o", tmp_path / "codes.npz")
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "codes.npz").exists()


def test_output_must_be_npz(classwise, model_file, image_folder):
    status, _, err = classwise("encode", model_file, image_folder, "-o", "codes.csv")
    assert status == 2
    assert "must end in .npz" in err


def test_a_read_only_target(classwise, model_file, image_folder):
    status, _, err = classwise("encode", model_file, image_folder, "-o", "/proc/none/codes.npz")
    assert status == 2
    assert "/proc/none" in err
