"""Sets of photographs in folders, or as TFDS prepares them; the same records either way."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from classwise.zoo import InputError
from classwise.zoo.datasets import get_protocol, load_split, read_images, record_ids, stream_split
from classwise.zoo.datasets.catalogue import DATA_SETS
from classwise.zoo.datasets.image_sources import open_images

PHOTOS = 8
CLASSES = 4


def photo(number: int) -> bytes:
    """A photograph of a size of its own, as a file."""
    pixels = np.random.default_rng(number).integers(0, 256, (20 + number, 30, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def known_as_small(monkeypatch):
    for name in ("flowers102", "ukbench"):
        small = dataclasses.replace(
            DATA_SETS[name], num_classes=CLASSES, num_images={"all": PHOTOS}
        )
        monkeypatch.setitem(DATA_SETS, name, small)


@pytest.fixture
def in_folders(known_as_small, tmp_path):
    """Two photographs each of the classes 2, 9, 10 and 100."""
    for name in ("flowers102", "ukbench"):
        for number in range(PHOTOS):
            folder = tmp_path / name / "all" / str((2, 9, 10, 100)[number // 2])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.jpg").write_bytes(photo(number))
    return tmp_path


@pytest.fixture
def in_tfds(known_as_small, tmp_path):
    """The same as TFDS stores Flowers-102, in three splits."""
    import tensorflow_datasets as tfds

    place = tmp_path / "prepared"
    features = tfds.features.FeaturesDict(
        {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(num_classes=CLASSES)}
    )
    parts = {"train": range(0, 2), "test": range(2, 7), "validation": range(7, 8)}

    class Stored(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "oxford_flowers102"
        VERSION = tfds.core.Version("2.1.1")

        def _info(self):
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, manager):
            return {split: self._generate_examples(chosen) for split, chosen in parts.items()}

        def _generate_examples(self, chosen):
            for number in chosen:
                yield number, {"image": io.BytesIO(photo(number)), "label": number // 2}

    Stored(data_dir=str(place)).download_and_prepare()
    return place


def test_classes_are_in_the_order_of_their_numbers(in_folders):
    images = load_split("flowers102", "all", in_folders)
    assert images.class_names == ("2", "9", "10", "100")
    found = dict(zip(images.ids, images.labels, strict=True))
    assert [found[f"{(2, 9, 10, 100)[n // 2]}/{n}.jpg"] for n in range(PHOTOS)] == [
        n // 2 for n in range(PHOTOS)
    ]


@pytest.mark.filterwarnings("ignore:.*not the recorded ones")
def test_tfds_data_dir_is_the_default_place(in_folders, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(in_folders))
    split = get_protocol("ukbench").load()
    assert split.database is split.queries
    assert (len(split.queries), split.queries.num_classes) == (PHOTOS, CLASSES)


@pytest.mark.usefixtures("in_folders")
def test_what_tfds_prepared_gives_the_same_records(in_folders, in_tfds):
    folder, tfds = (load_split("flowers102", "all", place) for place in (in_folders, in_tfds))
    assert sorted(record_ids(folder)) == sorted(record_ids(tfds))
    order = np.argsort(record_ids(folder)), np.argsort(record_ids(tfds))
    np.testing.assert_array_equal(folder.images[order[0]], tfds.images[order[1]])
    np.testing.assert_array_equal(folder.labels[order[0]], tfds.labels[order[1]])


def test_the_same_images_stream(in_folders):
    images = load_split("ukbench", "all", in_folders)
    parts = list(stream_split("ukbench", "all", 3, in_folders).after(2))
    assert [len(labels) for _, labels, _ in parts] == [3, 3]
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), images.images[2:])
    stream = open_images("ukbench:all", data_dir=in_folders).stream((6, 5, 3), 4)
    assert (stream.count, stream.resizing) == (PHOTOS, "")
    found = np.concatenate([batch.images for batch in stream.batches(0)])
    files = [in_folders / "ukbench" / "all" / id for id in images.ids]
    np.testing.assert_array_equal(found, read_images(files, (6, 5, 3)))


@pytest.mark.usefixtures("known_as_small")
def test_a_set_that_is_not_there_comes_with_the_way_to_it(tmp_path):
    with pytest.raises(InputError, match=r"flowers102/all' is not a folder; put .* or run tfds"):
        load_split("flowers102", "all", tmp_path)
    (tmp_path / "oxford_flowers102").mkdir()
    with pytest.raises(InputError, match="oxford_flowers102 is not prepared in"):
        load_split("flowers102", "all", tmp_path)


def test_a_set_with_photographs_missing_is_refused(in_folders):
    (in_folders / "ukbench" / "all" / "2" / "0.jpg").unlink()
    with pytest.raises(InputError, match="holds 7 images in 4 classes where 8 in 4 are expected"):
        load_split("ukbench", "all", in_folders)
