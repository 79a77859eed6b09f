import json

import keras
import numpy as np
import pytest

from classwise.zoo import read_images
from classwise.zoo.retrieval import evaluate_codes


def test_encode_a_labelled_folder(classwise, model_file, image_folder, tmp_path):
    output = tmp_path / "codes.npz"
    status, out, _ = classwise("encode", model_file, image_folder, "-o", output, "--embeddings")
    assert status == 0
    assert str(output) in out
    found = np.load(output)
    paths = sorted(image_folder.rglob("*.png"))
    hasher = keras.saving.load_model(model_file)
    expected = hasher.encode(read_images(paths, (28, 28, 1)), verbose=0)
    np.testing.assert_array_equal(found["codes"], expected)
    assert found["names"].tolist() == [str(p.relative_to(image_folder)) for p in paths]
    assert found["labels"].tolist() == [0, 0, 0, 1, 1, 1]
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


def test_bad_files_are_named_or_counted(classwise, model_file, image_folder, tmp_path):
    output = tmp_path / "codes.npz"
    bad = image_folder / "bag" / "1.png"
    bad.write_bytes(bad.read_bytes()[:200])
    (image_folder / "coat" / "notes.txt").write_text("hello")
    status, out, err = classwise("encode", model_file, image_folder, "-o", output)
    assert (status, out) == (2, "")
    assert "bag/1.png" in err or "coat/notes.txt" in err
    assert not output.exists()

    arguments = ("encode", model_file, image_folder, "-o", output, "--skip-bad-files", "--json")
    status, out, err = classwise(*arguments)
    assert status == 0
    assert json.loads(out)["skipped"] == 2
    assert "notes.txt" in err
    assert len(np.load(output)["codes"]) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing", "."), "Unknown preset 'nothing'"),
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


@pytest.fixture
def code_file(tmp_path):
    random = np.random.default_rng(0)
    arrays = {
        "query_codes": random.integers(0, 16, (20, 1)).astype(np.uint8) << 4,
        "query_labels": random.integers(0, 3, 20),
        "database_codes": random.integers(0, 16, (50, 1)).astype(np.uint8) << 4,
        "database_labels": random.integers(0, 3, 50),
        "code_length": np.array(4),
    }
    np.savez(tmp_path / "codes.npz", **arrays)
    return tmp_path / "codes.npz", arrays


def test_evaluate_a_file_of_codes(classwise, code_file):
    path, arrays = code_file
    status, out, _ = classwise("evaluate", path, "--top-k", 10, 50, "--radius", 1, "--json")
    assert status == 0
    document = json.loads(out)
    expected = evaluate_codes(
        *(arrays[k] for k in list(arrays)[:4]), code_length=4, top_k=(10, 50), radius=(1,)
    ).to_dict()
    for key in ("queries", "excluded_queries", "metrics"):
        assert document[key] == expected[key]
    assert document["protocol"] is None
    assert "precision_within_radius_1" in document["metrics"]


def test_evaluate_prints_a_table(classwise, code_file):
    status, out, _ = classwise("evaluate", code_file[0], "--top-k", 10)
    assert status == 0
    assert "map@10" in out
    assert "20 queries, 0 excluded" in out


def test_evaluate_writes_a_report(classwise, code_file, tmp_path):
    status, out, _ = classwise(
        "evaluate", code_file[0], "--top-k", 10, "--report", tmp_path / "report", "--json"
    )
    assert status == 0
    page = tmp_path / "report" / "index.html"
    assert json.loads(out)["report"] == str(page)
    assert "map@10" in page.read_text() or "mAP@10" in page.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_codes": np.zeros((20, 2), np.uint8)}, "query_codes"),
        ({"query_codes": np.zeros((20, 1), np.int64)}, "is int64"),
        ({"query_codes": np.ones((20, 1), np.uint8)}, "padding"),
        ({"query_labels": np.zeros(19, int)}, "19"),
        ({"query_labels": np.full(20, 7)}, "None of the 20 queries"),
        (
            {"query_codes": np.zeros((0, 1), np.uint8), "query_labels": np.zeros(0, int)},
            "at least one",
        ),
        ({"code_length": np.array(4.5)}, "code_length"),
        ({"database_labels": None}, "lacks database_labels"),
    ],
)
def test_bad_code_files(classwise, code_file, tmp_path, change, message):
    arrays = {k: v for k, v in {**code_file[1], **change}.items() if v is not None}
    np.savez(tmp_path / "bad.npz", **arrays)
    status, out, err = classwise("evaluate", tmp_path / "bad.npz", "--top-k", "10")
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("k", [0, -1, 51])
def test_cut_offs_outside_the_database(classwise, code_file, k):
    status, _, err = classwise("evaluate", code_file[0], "--top-k", k)
    assert status == 2
    assert "50" in err


def test_a_file_of_codes_takes_no_made_up_protocol(classwise, code_file):
    status, _, err = classwise("evaluate", code_file[0], "--protocol", "bogus", "--top-k", 10)
    assert status == 2
    assert "Unknown protocol 'bogus'" in err


def test_evaluate_input_errors(classwise, model_file, tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    for arguments, message in (
        ((tmp_path / "text.npz",), "not a readable .npz"),
        ((tmp_path / "gone.npz",), "no file"),
        ((model_file,), "--protocol is needed"),
        ((model_file, "--protocol", "fashion-mnist-ful"), "did you mean 'fashion-mnist-full'"),
        (("dcwh_resnet20_fashion_mnist_84",), "did you mean 'dcwh_resnet20_fashion_mnist_48'"),
    ):
        status, out, err = classwise("evaluate", *arguments)
        assert (status, out) == (2, "")
        assert message in err
