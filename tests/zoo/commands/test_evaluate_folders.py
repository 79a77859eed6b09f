"""`classwise evaluate` on folders, and on the files of codes that `encode` wrote."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from classwise.zoo import Hasher, read_images
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval import classify_codes, evaluate_codes

pytest.importorskip("onnxruntime")
SHAPE = (4, 3, 1)  # of the ONNX file


def write(folder, classes, each=5, seed=0):
    random = np.random.default_rng(seed)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(each):
            pixels = random.integers(0, 60, (8, 6)) + 50 * number
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def train(tmp_path):
    return write(tmp_path / "train", ("bag", "coat", "shoe"), seed=1)


@pytest.fixture
def val(tmp_path):
    """A class of train is missing, so that ids of its own would mean other classes."""
    return write(tmp_path / "val", ("coat", "shoe"), seed=2)


@pytest.fixture
def file(make_onnx_file):
    return make_onnx_file()


@pytest.fixture
def expected(onnx_embeddings):
    """A function from folders to the metrics of their codes, classes told by the path."""

    def metrics(queries, database=None):
        sets = []
        for folder in filter(None, (queries, database)):
            paths = sorted(folder.rglob("*.png"))
            labels = np.array([("bag", "coat", "shoe").index(path.parent.name) for path in paths])
            sets += [pack_codes(onnx_embeddings(read_images(paths, SHAPE))), labels]
        return evaluate_codes(*sets, code_length=12).to_dict()

    return metrics


def test_every_image_asks_all_the_others(classwise, file, train, expected):
    (train / "notes.txt").write_text("x")
    status, out, err = classwise("evaluate", file, "--images", train, "--json")
    assert status == 0, err
    document = json.loads(out)
    assert document["leave_one_out"]
    assert document["protocol"] is None
    assert document["images"] == f"every image of {train} asks all the others"
    for key, value in expected(train).items():
        assert document[key] == value
    assert "15 queries, 14 in the database" in err
    assert "1 file left out that is no image: notes.txt" in err
    status, out, _ = classwise("evaluate", file, "--images", train)
    assert "15 queries, 0 excluded, each against all the others" in out


def test_one_folder_asks_another_by_the_names_of_its_classes(classwise, file, train, val, expected):
    arguments = ("evaluate", file, "--queries", val, "--database", train, "--json")
    status, out, err = classwise(*arguments)
    assert status == 0, err
    document = json.loads(out)
    assert not document["leave_one_out"]
    for key, value in expected(val, train).items():
        assert document[key] == value


def test_files_of_encode_are_matched_by_name_too(classwise, file, train, val, expected, tmp_path):
    for folder in (train, val):
        output = tmp_path / f"{folder.name}.npz"
        assert classwise("encode", file, folder, "-o", output, "--labels", "folders")[0] == 0
    queries, database = tmp_path / "val.npz", tmp_path / "train.npz"
    for arguments in (
        (queries, "--database", database),
        ("--queries", queries, "--database", database),
    ):
        status, out, err = classwise("evaluate", *arguments, "--json")
        assert status == 0, err
        for key, value in expected(val, train).items():
            assert json.loads(out)[key] == value
    status, out, _ = classwise("evaluate", database, "--json")
    assert status == 0
    assert json.loads(out)["metrics"] == expected(train)["metrics"]


def test_a_hasher_numbers_the_classes_of_the_report(classwise, train, val, tmp_path):
    """Its centers are those of its classes, whatever the folders call first; names are shown."""
    keras.utils.set_random_seed(0)
    backbone = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Rescaling(1 / 64, -2.0)]
    )
    names = ("hat", "shoe", "coat", "bag")
    hasher = Hasher(backbone, 16, 4, class_names=names)
    hasher.save(tmp_path / "m.keras")
    report = tmp_path / "report"
    arguments = ("--queries", val, "--database", train, "--report", report, "--embeddings")
    status, out, err = classwise("evaluate", tmp_path / "m.keras", *arguments, "--json")
    assert status == 0, err
    paths = sorted(val.rglob("*.png"))
    labels = np.array([names.index(path.parent.name) for path in paths])
    codes = hasher.encode(read_images(paths, SHAPE), verbose=0)
    centers = pack_codes(np.asarray(hasher.class_centers.get_centers()))
    accuracy = classify_codes(codes, labels, centers, code_length=16).accuracy
    document = json.loads(out)
    assert document["classification"]["hamming"]["accuracy"] == accuracy
    assert 0 < document["embedding"]["metrics"]["map@r"]["value"] <= 1
    page = (report / "index.html").read_text(encoding="utf-8")
    assert f"{val} asks, {train} answers" in page
    assert "shoe" in page


def test_a_report_on_all_the_others_shows_no_image_beside_itself(
    classwise, file, train, tmp_path, monkeypatch
):
    from classwise.zoo.evaluation.report import report_figures

    drawn = []
    original = report_figures.figures.neighbor_sheet
    monkeypatch.setattr(
        report_figures.figures,
        "neighbor_sheet",
        lambda *arguments, **names: drawn.append(arguments) or original(*arguments, **names),
    )
    report = tmp_path / "report"
    status, _, err = classwise("evaluate", file, "--images", train, "--report", report)
    assert status == 0, err
    queries, _, found, found_labels, distances = drawn[0][:5]
    assert len(queries) == 3
    assert found.shape[:2] == found_labels.shape == distances.shape == (3, 10)
    for query, neighbors in zip(queries, found, strict=True):
        assert not (neighbors == query).all(axis=(1, 2, 3)).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("FILE --images TRAIN --protocol cifar10-full", "--images gives images of one's own"),
        ("FILE --queries TRAIN", "Only --queries is given; give --images alone"),
        ("FILE --database TRAIN", "Only --database is given"),
        (
            "FILE --images TRAIN --database TRAIN",
            "--images and --database are given together; give --images alone",
        ),
        ("FILE --queries OTHER --database TRAIN", "have no class in common: hat, and bag, coat"),
        ("FILE --images FLAT", "has no sub-folders"),
        ("CODES --images TRAIN", "holds codes, which need no images"),
        ("CODES --database TRAIN", "give the .npz file of its codes"),
        ("CODES --database UNLABELED", "holds no labels"),
        ("UNLABELED", "holds no labels; write it by `classwise encode --labels folders`"),
        ("--images TRAIN", "Nothing is given to evaluate"),
        ("FILE --images TRAIN --top-k 15", "a query is ranked against 14 items"),
    ],
)
def test_what_does_not_go_together(classwise, file, train, tmp_path, arguments, message):
    write(tmp_path / "other", ("hat",))
    codes = {"codes": np.zeros((3, 2), np.uint8), "code_length": 12}
    np.savez(tmp_path / "unlabeled.npz", **codes)
    np.savez(tmp_path / "codes.npz", **codes, labels=np.array([0, 0, 1]))
    names = {
        "FILE": file,
        "TRAIN": train,
        "FLAT": train / "bag",
        "OTHER": tmp_path / "other",
        "CODES": tmp_path / "codes.npz",
        "UNLABELED": tmp_path / "unlabeled.npz",
    }
    words = [names.get(word, word) for word in arguments.split()]
    status, out, err = classwise("evaluate", *words)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
