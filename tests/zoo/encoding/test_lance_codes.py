"""Codes of workers as one data set of Lance, against the folder of Parquet and Lance itself."""

import shutil

import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.commands import main
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.encoding import lance_codes, unfinished_parts
from classwise.zoo.encoding.read_codes import is_codes, read_codes, written_at
from classwise.zoo.foundation.errors import InputError
from tests.zoo.encoding.test_block_encoder import encode, photos

lance = pytest.importorskip("lance")
pyarrow = pytest.importorskip("pyarrow")
__all__ = ["encode", "photos"]


@pytest.mark.parametrize("labeled", [True, False])
def test_the_rows_are_those_of_the_parts(photos, encode, tmp_path, labeled):
    images = open_images(photos, labeled=labeled)
    encode(images)
    assert encode(images, output="codes.lance", order=lambda b: b[::-1])[-1] == (11, ())
    assert not (tmp_path / "codes.lance.part").exists()
    one, other = read_codes(tmp_path / "codes"), read_codes(tmp_path / "codes.lance")
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert array.dtype == other[name].dtype
        np.testing.assert_array_equal(array, other[name], err_msg=name)
    rows = lance.dataset(tmp_path / "codes.lance").to_table()
    expected = ["id", "name", "code", "label", "class_name", "embedding"]
    assert rows.column_names == expected
    assert str(rows.schema.field("code").type).startswith("fixed_size_list<item: uint8")
    assert rows["id"].to_pylist() == list(range(11))
    classes = [name.partition("/")[0] if labeled else None for name in one["names"]]
    assert rows["class_name"].to_pylist() == classes
    assert is_codes(tmp_path / "codes.lance")


def test_it_is_a_store_and_goes_into_others(photos, encode, tmp_path):
    encode(open_images(photos, labeled=True), output="codes.lance", embeddings=False)
    written = read_codes(tmp_path / "codes.lance")
    assert "embeddings" not in written
    stored = zoo.read_store(f"lance:{tmp_path / 'codes.lance'}")
    assert stored.names == written["names"].tolist()
    np.testing.assert_array_equal(stored.codes, written["codes"])
    assert (stored.class_names, stored.model) == (("bag", "coat"), str(written["model"]))
    query = written["codes"][3]
    nearest = {"column": "code", "q": pyarrow.array(query), "k": 11, "metric": "hamming"}
    found = lance.dataset(tmp_path / "codes.lance").to_table(nearest=nearest)
    distances = [
        sum(f"{a ^ b:b}".count("1") for a, b in zip(query, code, strict=True))
        for code in written["codes"]
    ]
    assert found["_distance"].to_pylist() == sorted(distances)
    report = zoo.write_store(tmp_path / "codes.lance", f"npz:{tmp_path / 's.npz'}")
    assert report.images == 11


def test_a_run_that_was_killed_goes_on(photos, encode, tmp_path, monkeypatch):
    images = open_images(photos)
    encode(images, output="codes.lance", most=2)
    assert not (tmp_path / "codes.lance").exists()
    part = tmp_path / "codes.lance.part"
    times = {path: path.stat().st_mtime_ns for path in part.glob("part-*")}
    assert len(times) == 2
    # Killed while Lance writes, so that nothing is cleared up.
    (part / "whole.lance").mkdir()
    (part / "whole.lance" / "half.lance").touch()
    assert encode(images, output="codes.lance")[-1] == (11, ())
    assert written_at(tmp_path / "codes.lance") == min(times.values())
    assert [path.name for path in tmp_path.glob("codes*")] == ["codes.lance"]
    assert len(set(read_codes(tmp_path / "codes.lance")["names"])) == 11


def test_a_run_that_was_killed_after_the_last_step_is_whole(photos, encode, tmp_path, monkeypatch):
    images = open_images(photos)
    encode(images, output="codes.lance", most=2)
    shutil.copytree(tmp_path / "codes.lance.part", tmp_path / "kept")
    encode(images, output="codes.lance")
    (tmp_path / "kept").rename(tmp_path / "codes.lance.part")
    with pytest.raises(AssertionError):  # of the fixture: it is there already
        encode(images, output="codes.lance")
    assert [path.name for path in tmp_path.glob("codes*")] == ["codes.lance"]


def test_a_disk_that_is_full_leaves_the_parts(photos, encode, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(unfinished_parts, "write_manifest", full)
        with pytest.raises(OSError, match="No space left"):
            encode(open_images(photos), output="codes.lance")
    part = tmp_path / "codes.lance.part"
    assert not (tmp_path / "codes.lance").exists()
    assert not (part / "whole.lance").exists()
    assert len(list(part.glob("part-*"))) == 3
    assert encode(open_images(photos), output="codes.lance")[-1] == (11, ())


def test_rows_that_are_not_what_was_written_are_refused(photos, encode, tmp_path, monkeypatch):
    def flipped(columns, *rest):
        return batch_of({**columns, "codes": columns["codes"] ^ 1}, *rest)

    batch_of = lance_codes.batch_of
    monkeypatch.setattr(lance_codes, "batch_of", flipped)
    with pytest.raises(OSError, match="holds other codes than were written"):
        encode(open_images(photos), output="codes.lance")
    assert not (tmp_path / "codes.lance").exists()


def test_a_folder_that_is_damaged(photos, encode, tmp_path):
    encode(open_images(photos), output="codes.lance")
    (data,) = (tmp_path / "codes.lance" / "data").iterdir()
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(InputError, match=r"codes\.lance is missing or damaged"):
        read_codes(tmp_path / "codes.lance")


def test_the_local_engine_says_who_writes_lance(tmp_path, capsys):
    words = ["encode", "x.onnx", "photos", "-o", str(tmp_path / "codes.lance")]
    assert main(words) == 2
    assert "is written with --engine ray" in capsys.readouterr().err
