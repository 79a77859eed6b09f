"""An index of a folder, and what later runs do to it."""

import json
import os
import shutil

import keras
import numpy as np
import pytest
from keras import layers

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.search.build_index import update_index
from tests.zoo.search.conftest import write_photo

NAMES = ["2020/a.jpg", "2020/rome/b.jpg", "2020/rome/c.jpg", "2021/d.jpg", "2021/e.jpg"]
NAMES = [*NAMES, "loose.jpg"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.index"


def counts(update):
    return update.encoded, update.known, update.forgotten


def contents(path):
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


def test_the_rows_are_what_the_model_computes(photos, path, model, onnx_embeddings):
    index = zoo.build_index(model, photos, path)
    assert index.columns.all_names() == NAMES
    assert [index.columns.name(item) for item in range(len(index))] == NAMES
    images = zoo.read_images([photos / name for name in NAMES], (4, 3, 1))
    embeddings = onnx_embeddings(images)
    np.testing.assert_array_equal(index.columns.codes, np.packbits(embeddings > 0, axis=1))
    scale = 127 / np.abs(embeddings).max(axis=1, keepdims=True)
    # ONNX Runtime adds up in another order.
    np.testing.assert_allclose(index.columns.vectors, embeddings * scale, atol=0.51)
    for name, status in zip(NAMES, index.columns.files.tolist(), strict=True):
        assert status == [(photos / name).stat().st_size, (photos / name).stat().st_mtime_ns]


def test_only_what_is_new_or_changed_is_encoded(photos, path, model, tmp_path):
    assert counts(update_index(model, photos, path)) == (6, 0, 0)
    before = contents(path)
    assert counts(update_index(model, photos, path)) == (0, 6, 0)
    assert contents(path) == before
    write_photo(photos / "2022" / "new.jpg", 50)
    write_photo(photos / "2021" / "d.jpg", 51)
    (photos / "loose.jpg").unlink()
    update = update_index(model, photos, path)
    assert counts(update) == (2, 4, 1)
    shutil.rmtree(tmp_path / "other.index", ignore_errors=True)
    fresh = zoo.build_index(model, photos, tmp_path / "other.index")
    for name in ("names", "codes", "vectors", "files"):
        np.testing.assert_array_equal(
            getattr(update.index.columns, name), getattr(fresh.columns, name)
        )


def test_a_file_that_only_looks_the_same_by_its_size_is_encoded_again(photos, path, model):
    update_index(model, photos, path)
    os.utime(photos / "loose.jpg", (1, 1))
    assert counts(update_index(model, photos, path)) == (1, 5, 0)


def test_classes_are_folders_if_asked_and_stay(photos, path, model):
    with pytest.raises(InputError, match=r"loose\.jpg' lies beside the class folders"):
        zoo.build_index(model, photos, path, labeled=True)
    assert not path.exists()
    (photos / "loose.jpg").unlink()
    index = zoo.build_index(model, photos, path, labeled=True)
    assert index.facts.class_names == ("2020", "2021")
    write_photo(photos / "2019" / "new.jpg", 50)
    index = zoo.build_index(model, photos, path)
    assert index.facts.class_names == ("2019", "2020", "2021")
    assert index.columns.labels.tolist() == [0, 1, 1, 1, 2, 2]
    assert zoo.build_index(model, photos, path, labeled=False).facts.class_names == ()


def test_thumbnails_are_kept_if_asked(photos, path, model):
    from PIL import Image

    index = zoo.build_index(model, photos, path, thumbnails=True)
    write_photo(photos / "0.jpg", 50, (800, 300))
    index = zoo.build_index(model, photos, path)
    shutil.rmtree(photos)
    import io

    sizes = [
        Image.open(io.BytesIO(index.columns.thumbnail(item))).size for item in range(len(index))
    ]
    assert sizes == [(256, 96)] + [(40, 30)] * 6


def test_options_of_an_index_stay(photos, path, model):
    zoo.build_index(model, photos, path)
    with pytest.raises(InputError, match="was made without thumbnails"):
        zoo.build_index(model, photos, path, thumbnails=True)


def test_features_of_the_backbone(photos, path):
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 1))
    maps = layers.Conv2D(5, 3, activation="relu")(layers.Rescaling(1 / 64, -2.0)(images))
    hasher = zoo.Hasher(keras.Model(images, maps), 12, 10)
    index = zoo.build_index(hasher, photos, path, features=True)
    assert (index.facts.vectors, index.facts.vector_length) == ("features", 5)
    pixels = zoo.read_images([photos / name for name in NAMES], (8, 8, 1))
    features = np.asarray(hasher.backbone(pixels)).mean(axis=(1, 2))
    largest = features.max(axis=1, keepdims=True)
    np.testing.assert_allclose(index.columns.vectors, 127 * features / largest, atol=0.51)
    np.testing.assert_array_equal(index.columns.codes, hasher.encode(pixels, verbose=0))
    opened = zoo.open_index(path, hasher)
    (first,) = opened.search(photos / "loose.jpg", k=1)
    assert first[0].name == "loose.jpg"
    with pytest.raises(InputError, match="made with a hasher that has no name"):
        zoo.open_index(path).search(photos / "loose.jpg")


def test_features_need_a_backbone(photos, path, model):
    with pytest.raises(InputError, match="gives no features of its backbone"):
        zoo.build_index(model, photos, path, features=True)
    assert not path.exists()


def test_another_model_is_refused(photos, path, model, make_onnx_file):
    zoo.build_index(model, photos, path)
    other = make_onnx_file("other.onnx", seed=1)
    for call in (lambda: zoo.build_index(other, photos, path), lambda: zoo.open_index(path, other)):
        with pytest.raises(InputError, match=r"was made with .*hasher\.onnx.*other\.onnx"):
            call()


def test_a_model_and_photos_that_were_moved_are_the_same(photos, path, model, tmp_path):
    zoo.build_index(model, photos, path)
    moved = model.rename(tmp_path / "moved.onnx")
    photos = photos.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"hasher\.onnx, is gone; say where it is now"):
        zoo.open_index(path).search(photos / "loose.jpg")
    update = update_index(moved, photos, path)
    assert counts(update) == (0, 6, 0)
    assert update.index.search(photos / "loose.jpg", k=1)[0][0].name == "loose.jpg"


def test_another_folder_is_refused(photos, path, model, tmp_path):
    zoo.build_index(model, photos, path)
    write_photo(tmp_path / "other" / "a.jpg", 0)
    with pytest.raises(InputError, match=r"is the index of .*photos, not of .*other"):
        zoo.build_index(model, tmp_path / "other", path)


def test_nothing_of_somebody_else_is_replaced(photos, path, model):
    path.mkdir()
    (path / "diary.txt").write_text("x")
    with pytest.raises(InputError, match=r"holds diary\.txt"):
        zoo.build_index(model, photos, path)
    (path / "diary.txt").unlink()
    zoo.build_index(model, photos, path)
    (path / "diary.txt").write_text("x")
    write_photo(photos / "new.jpg", 9)
    with pytest.raises(InputError, match=r"diary\.txt, which is not as classwise wrote it"):
        zoo.build_index(model, photos, path)
    assert (path / "diary.txt").read_text() == "x"


def test_broken_photos(photos, path, model):
    half = write_photo(photos / "2020" / "half.jpg", 9, (800, 300))
    half.write_bytes(half.read_bytes()[:-2000])  # its header is whole
    (photos / "2021" / "none.jpg").write_text("no photo")
    with pytest.raises(InputError, match=r"none\.jpg' cannot be read.*--skip-bad-files"):
        zoo.build_index(model, photos, path)
    assert not path.exists()
    for encoded in (6, 0):
        update = update_index(model, photos, path, skip_bad_files=True)
        assert update.skipped == ("2021/none.jpg", "2020/half.jpg")
        assert update.encoded == encoded
    assert update.index.columns.all_names() == NAMES


def test_no_photo_at_all(tmp_path, path, model):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no image"):
        zoo.build_index(model, tmp_path / "empty", path)
    with pytest.raises(InputError, match="is not a folder"):
        zoo.build_index(model, tmp_path / "gone", path)
    (tmp_path / "empty" / "a.jpg").write_text("")
    with pytest.raises(InputError, match="holds no image"):
        zoo.build_index(model, tmp_path / "empty", path, skip_bad_files=True)
    assert sorted(p.name for p in tmp_path.iterdir() if "index" in p.name) == []


def test_names_that_are_no_text(photos, path, model):
    odd = os.fsdecode(b"caf\xe9\nnew line.jpg")
    write_photo(photos / "x.jpg", 9).rename(photos / odd)
    index = zoo.build_index(model, photos, path)
    assert odd in index.columns.all_names()
    assert counts(update_index(model, photos, path)) == (0, 7, 0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda facts: {**facts, "format_version": 2}, "format version 2, and this classwise"),
        (lambda facts: {**facts, "count": 7}, "is damaged"),
        (lambda facts: {**facts, "code_length": 64}, "is damaged"),
        (lambda facts: {**facts, "more": 1}, "is damaged"),
        (lambda facts: {**facts, "count": 0}, "is damaged"),
        (lambda facts: {**facts, "source": 7}, "is damaged"),
        (lambda facts: [], "is damaged"),
    ],
)
def test_a_newer_or_damaged_index(photos, path, model, change, sentence):
    zoo.build_index(model, photos, path)
    facts = json.loads((path / "index.json").read_text())
    (path / "index.json").write_text(json.dumps(change(facts)))
    with pytest.raises(InputError, match=sentence):
        zoo.open_index(path)


@pytest.mark.parametrize("name", ["codes", "names", "files", "labels", "thumbnail_ends"])
def test_arrays_that_are_damaged(photos, path, model, name):
    zoo.build_index(model, photos, path)
    array = np.load(path / f"{name}.npy")
    np.save(path / f"{name}.npy", np.append(array, array[:1], axis=0) if len(array) else [1])
    with pytest.raises(InputError, match="is damaged"):
        zoo.open_index(path)
    (path / f"{name}.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match="is damaged"):
        zoo.open_index(path)
    (path / f"{name}.npy").unlink()
    with pytest.raises(InputError, match="is damaged"):
        zoo.open_index(path)


@pytest.mark.parametrize(
    ("name", "values"),
    [("labels", [0, 0, 0, 1, 2]), ("labels", [-1, 0, 0, 1, 1]), ("name_ends", [0, 9, 2, 3, 56])],
)
def test_values_that_lead_nowhere(photos, path, model, name, values):
    (photos / "loose.jpg").unlink()
    index = zoo.build_index(model, photos, path, labeled=True)
    values[-1] = values[-1] if name == "labels" else int(index.columns.name_ends[-1])
    np.save(path / f"{name}.npy", np.array(values, np.int64))
    with pytest.raises(InputError, match="is damaged"):
        zoo.open_index(path)


def test_no_index(tmp_path):
    with pytest.raises(InputError, match="classwise index FOLDER -o gone"):
        zoo.open_index(tmp_path / "gone")
    with pytest.raises(InputError, match="is no index"):
        zoo.open_index(tmp_path)
