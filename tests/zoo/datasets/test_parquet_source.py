"""Images in Parquet, against the same files in a folder."""

import io
import os
import pickle

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.datasets.file_source import ChangedImage
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.datasets.open_image import UnreadableImage
from classwise.zoo.datasets.read_images import read_images
from classwise.zoo.foundation.errors import InputError

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
SHAPE = (4, 5, 3)


def encoded(number: int) -> bytes:
    random = np.random.default_rng(number)
    file = io.BytesIO()
    Image.fromarray(random.integers(0, 256, (9, 7 + number, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


FILES = [encoded(number) for number in range(10)]
PIXELS = np.concatenate([read_images(file, SHAPE) for file in FILES])


@pytest.fixture
def folder(tmp_path):
    """Two files of seven and three images, in row groups of two."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, numbers in {"a": range(7), "b": range(7, 10)}.items():
        images = [FILES[number] for number in numbers]
        names = [f"{number}.png" for number in numbers]
        table = pyarrow.table({"name": names, "image": images})
        parquet.write_table(table, folder / f"{name}.parquet", row_group_size=2)
    return folder


def read(source, batch=3, first=0):
    batches = list(source.stream(SHAPE, batch).batches(first))
    pixels, _, names, skipped = (np.concatenate(each) for each in zip(*fill(batches), strict=True))
    return pixels, names.tolist(), skipped.tolist()


def fill(batches):
    return [(b.images, np.zeros(0), b.names, b.skipped) for b in batches]


def test_the_pixels_are_those_of_the_files(folder):
    source = open_images(folder)
    assert source.count == 10
    pixels, names, skipped = read(source)
    np.testing.assert_array_equal(pixels, PIXELS)
    assert names == [f"{number}.png" for number in range(10)]
    assert skipped == []
    np.testing.assert_array_equal(read(source, first=4)[0], PIXELS[4:])
    np.testing.assert_array_equal(source.load(SHAPE).images[:], PIXELS)
    alone = open_images(folder / "b.parquet")
    np.testing.assert_array_equal(read(alone)[0], PIXELS[7:])


@pytest.mark.parametrize(("first", "stop"), [(0, 10), (0, 4), (5, 9), (6, 8), (7, 10), (9, 10)])
def test_a_part_as_a_worker_gets_it(folder, first, stop):
    part = pickle.loads(pickle.dumps(open_images(folder).part(first, stop)))
    assert part.count == stop - first
    pixels, names, _ = read(part)
    np.testing.assert_array_equal(pixels, PIXELS[first:stop])
    assert names == [f"{number}.png" for number in range(first, stop)]


def test_parts_have_identities_of_their_own(folder):
    source = open_images(folder)
    parts = [source.part(0, 4), source.part(4, 8), source.part(0, 5), open_images(folder)]
    identities = {part.stream(SHAPE, 2).identity for part in parts}
    assert len(identities) == 4
    again = open_images(folder).part(0, 4).stream(SHAPE, 2).identity
    assert again in identities
    folder.rename(folder.with_name("moved"))
    moved = open_images(folder.with_name("moved")).part(0, 4).stream(SHAPE, 2).identity
    assert moved == again


@pytest.mark.parametrize("column", ["image", "bytes", "image_bytes", "content"])
def test_columns_of_others(tmp_path, column):
    parquet.write_table(pyarrow.table({column: FILES[:3]}), tmp_path / "x.parquet")
    pixels, names, _ = read(open_images(tmp_path / "x.parquet"))
    np.testing.assert_array_equal(pixels, PIXELS[:3])
    assert names == ["x.parquet:0", "x.parquet:1", "x.parquet:2"]


def test_the_struct_of_hugging_face(tmp_path):
    rows = [{"bytes": file, "path": None} for file in FILES[:3]]
    table = pyarrow.table({"image": rows, "label": [0, 1, 2]})
    parquet.write_table(table, tmp_path / "x.parquet")
    np.testing.assert_array_equal(read(open_images(tmp_path / "x.parquet"))[0], PIXELS[:3])


@pytest.mark.parametrize("broken", [FILES[1][:40], b"", None])
def test_broken_images_are_named(tmp_path, broken):
    table = pyarrow.table({"name": ["a", "b", "c"], "image": [FILES[0], broken, FILES[2]]})
    parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(UnreadableImage, match=r"'b'.*--skip-bad-files"):
        read(open_images(tmp_path / "x.parquet"))
    pixels, names, skipped = read(open_images(tmp_path / "x.parquet", skip_bad_files=True))
    np.testing.assert_array_equal(pixels, PIXELS[[0, 2]])
    assert (names, skipped) == (["a", "c"], ["b"])
    loaded = open_images(tmp_path / "x.parquet", skip_bad_files=True).load(SHAPE)
    np.testing.assert_array_equal(loaded.images[:], PIXELS[[0, 2]])
    assert (loaded.ids.tolist(), loaded.skipped) == (["a", "c"], ("b",))


def test_limits_hold(tmp_path):
    parquet.write_table(pyarrow.table({"image": FILES[:1]}), tmp_path / "x.parquet")
    with pytest.raises(UnreadableImage, match="63 pixels and 9 are allowed"):
        read(open_images(tmp_path / "x.parquet", max_pixels=9))
    with pytest.raises(UnreadableImage, match="63 pixels and 9 are allowed"):
        open_images(tmp_path / "x.parquet", max_pixels=9).load(SHAPE)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"picture": FILES[:2]}, "has the columns picture; one of image, bytes"),
        ({"image": ["a.png", "b.png"]}, "must hold the bytes of image files"),
        ({"image": FILES[:2], "name": ["a", "a"]}, "'a' names two images"),
        ({"image": FILES[:2], "name": ["a", None]}, "Row 1 of .* has no name"),
        ({"image": pyarrow.array([], pyarrow.binary())}, "holds no image"),
    ],
)
def test_wrong_files(tmp_path, columns, message):
    parquet.write_table(pyarrow.table(columns), tmp_path / "x.parquet")
    with pytest.raises(InputError, match=message):
        open_images(tmp_path / "x.parquet")


def test_what_is_no_parquet(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match="is not a Parquet file that can be read"):
        open_images(tmp_path / "x.parquet")
    with pytest.raises(InputError, match="is not a folder, nor an image that is there"):
        open_images(tmp_path / "y.parquet")


def test_labels_by_folder_are_refused(folder):
    for source in (folder, folder / "a.parquet"):
        with pytest.raises(InputError, match="Parquet files have no folders"):
            open_images(source, labeled=True)


def test_a_file_that_is_replaced_is_noticed(folder):
    stream = open_images(folder).stream(SHAPE, 2)
    stream.check_unchanged()
    os.utime(folder / "b.parquet", (1, 1))
    with pytest.raises(ChangedImage, match=r"b\.parquet' was changed or replaced"):
        stream.check_unchanged()
