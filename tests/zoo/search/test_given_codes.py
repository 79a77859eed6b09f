"""An index of codes that were written before, against one that encodes the images itself."""

import os

import numpy as np
import pytest

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.search import build_index
from classwise.zoo.search.build_index import update_index
from tests.zoo.search.conftest import write_photo

pytest.importorskip("pyarrow")
pytest.importorskip("lance")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.index"


@pytest.fixture(params=["codes.npz", "codes", "codes.lance"])
def codes(request, photos, model, tmp_path, write_codes):
    return write_codes(model, photos, tmp_path / request.param)


def counts(update):
    return update.encoded, update.known, update.forgotten, update.unused


def same_rows(index, other):
    for name in ("names", "codes", "vectors", "files", "labels"):
        one, two = getattr(index.columns, name), getattr(other.columns, name)
        np.testing.assert_array_equal(one, two, err_msg=name)


def no_encoding(*arguments, **options):
    raise AssertionError("a model was opened, and no image is new")


def test_the_index_is_that_of_the_images(photos, path, model, codes, tmp_path, monkeypatch):
    expected = zoo.build_index(model, photos, tmp_path / "other.index")
    monkeypatch.setattr(build_index, "open_index_encoder", no_encoding)
    update = update_index(model, photos, path, codes=codes)
    assert counts(update) == (0, 6, 0, 0)
    same_rows(update.index, expected)
    assert update.index.facts == expected.facts
    assert counts(update_index(model, photos, path)) == (0, 6, 0, 0)
    found = [update.index.search_items([0], k=3), expected.search_items([0], k=3)]
    assert found[0] == found[1]


def test_what_is_new_or_changed_since_is_encoded(photos, path, model, codes, tmp_path):
    write_photo(photos / "2022" / "new.jpg", 50)
    write_photo(photos / "2021" / "d.jpg", 51)
    later = codes.stat().st_mtime + 5
    os.utime(photos / "2021" / "d.jpg", (later, later))
    (photos / "loose.jpg").unlink()
    update = update_index(model, photos, path, codes=codes)
    assert counts(update) == (2, 4, 0, 1)
    same_rows(update.index, zoo.build_index(model, photos, tmp_path / "other.index"))


def test_an_index_that_is_there_takes_them_in(photos, path, model, tmp_path, write_codes):
    update_index(model, photos, path, labeled=False)
    write_photo(photos / "2022" / "new.jpg", 50)
    codes = write_codes(model, photos, tmp_path / "codes.npz")
    update = update_index(model, photos, path, codes=codes)
    assert counts(update) == (0, 7, 0, 0)
    assert len(zoo.open_index(path)) == 7


def test_without_embeddings_nothing_is_ranked_again(
    photos, path, model, tmp_path, write_codes, classwise
):
    codes = write_codes(model, photos, tmp_path / "codes.npz", embeddings=False)
    words = ("index", photos, "-o", path, "--model", model)
    status, out, err = classwise(*words, "--codes", codes)
    assert status == 0
    assert "6 images; 0 encoded, 6 known, 0 forgotten" in out
    assert "holds no embeddings" in err
    write_photo(photos / "2022" / "new.jpg", 50)
    assert "7 images; 1 encoded, 6 known, 0 forgotten" in classwise(*words)[1]
    index = zoo.open_index(path)
    assert index.facts.vectors == ""
    assert index.search(photos / "loose.jpg", k=1)[0][0].similarity is None
    zoo.build_index(model, photos, tmp_path / "own.index")
    with pytest.raises(InputError, match=r"ranks again by embeddings, and .*codes\.npz holds none"):
        zoo.build_index(model, photos, tmp_path / "own.index", codes=codes)


@pytest.mark.parametrize("kept", ["features", "thumbnails"])
def test_codes_have_no_pictures_and_no_features(photos, path, model, codes, kept):
    with pytest.raises(InputError, match=f"keeps {kept}, and .* holds none; leave one"):
        zoo.build_index(model, photos, path, codes=codes, **{kept: True})
    assert not path.exists()


def test_codes_of_something_else(photos, path, model, codes, tmp_path, make_onnx_file, classwise):
    other = make_onnx_file("other.onnx", seed=1)
    foreign = write_photo(tmp_path / "foreign" / "x.jpg", 60).parent
    for arguments, message in {
        (other, photos, codes): "holds codes of another model than",
        (model, foreign, codes): "holds no code of an image in",
        (model, photos, photos): "holds no codes; give the file or the folder",
        (model, photos, tmp_path / "none.npz"): "There is no file",
    }.items():
        chosen, folder, given = arguments
        words = ("index", folder, "-o", path, "--model", chosen, "--codes", given)
        status, _, err = classwise(*words)
        assert (status, message in err, "Traceback" in err) == (2, True, False), err
        assert not path.exists()
        assert not list(tmp_path.glob("*.part"))
    status, _, err = classwise("index", photos, "-o", path, "--fit", "--codes", codes)
    assert (status, "--fit makes another" in err) == (2, True)


def test_rows_that_are_damaged(photos, path, model, tmp_path, write_codes):
    codes = write_codes(model, photos, tmp_path / "codes.npz")
    arrays = dict(np.load(codes))
    for change, message in (
        ({"names": arrays["names"][[0, 0, 1, 2, 3, 4]]}, "holds images twice"),
        ({"names": arrays["names"][:5]}, "5 names for 6 codes"),
        ({"embeddings": arrays["embeddings"][:5]}, "embeddings has shape"),
        ({"codes": arrays["codes"][:, :1]}, "codes"),
    ):
        np.savez(codes, **{**arrays, **change})
        with pytest.raises(InputError, match=message):
            zoo.build_index(model, photos, path, codes=codes)
        assert not path.exists()


def test_a_run_that_is_killed_before_it_writes_an_index_loses_nothing(
    photos, path, model, monkeypatch
):
    update_index(model, photos, path)
    write_photo(photos / "2022" / "new.jpg", 50)

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(build_index, "write_index_folder", killed)
        with pytest.raises(KeyboardInterrupt):
            update_index(model, photos, path)
    assert counts(update_index(model, photos, path)) == (0, 7, 0, 0)
    assert len(zoo.open_index(path)) == 7
