"""Reading TFDS data: a small set in TFDS's own format stands in; real sets where marked."""

import dataclasses
import os
import socket

import numpy as np
import pytest

from classwise.zoo.datasets import load_split, stream_split, tfds_images
from classwise.zoo.datasets.catalogue import DATA_SETS
from classwise.zoo.datasets.tfds_images import TfdsSource
from classwise.zoo.foundation.errors import InputError

REAL_CLASS_SIZES = {"cifar10": (5000, 1000), "cifar100": (500, 100), "fashion_mnist": (6000, 1000)}
FASHION = "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
CLASS_NAMES = {
    "cifar10": [f"class {i}" for i in range(10)],
    "fashion_mnist": FASHION.split(", "),  # TFDS fixes these
}


def small_images(name, split):
    shape = (32, 32, 3) if name == "cifar10" else (28, 28, 1)
    generator = np.random.default_rng(len(split))
    number = {"train": 25, "test": 10}[split]
    return generator.integers(0, 256, [number, *shape], dtype=np.uint8), np.arange(number) % 10


@pytest.fixture(scope="module")
def small_sets(tmp_path_factory):
    """A folder with cifar10 (whose records have ids) and fashion_mnist (whose have none)."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    for name in ("cifar10", "fashion_mnist"):
        builder = tfds.builder(name, data_dir=str(folder))
        builder.info.features["label"].names = CLASS_NAMES[name]

        def columns(split, name=name):
            images, labels = small_images(name, split)
            ids = np.array([f"{split}_{2 * i:05d}" for i in range(len(images))])
            named = {"id": ids} if name == "cifar10" else {}
            return tf.data.Dataset.from_tensor_slices({"image": images, "label": labels} | named)

        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version=builder.version,
            features=builder.info.features,
            split_datasets={split: columns(split) for split in ("train", "test")},
            data_dir=str(folder),
            disable_shuffling=True,
        )
    return folder


@pytest.fixture
def known_as_small(monkeypatch):
    for name in ("cifar10", "fashion_mnist"):
        numbers, source = {"train": 25, "test": 10}, TfdsSource("nowhere.invalid")
        small = dataclasses.replace(DATA_SETS[name], num_images=numbers, source=source)
        monkeypatch.setitem(DATA_SETS, name, small)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(tfds_images.urllib.request, "getproxies", dict)


@pytest.mark.usefixtures("known_as_small")
@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist"])
def test_a_split_is_loaded_as_it_was_stored(small_sets, name, split):
    data = load_split(name, split, small_sets)
    images, labels = small_images(name, split)
    np.testing.assert_array_equal(data.images, images)
    np.testing.assert_array_equal(data.labels, labels)
    step = 2 if name == "cifar10" else 1
    assert data.ids.tolist() == [f"{split}_{step * i:05d}" for i in range(len(images))]
    assert (data.name, data.split) == (name, split)
    assert data.class_names == tuple(CLASS_NAMES[name])


@pytest.mark.usefixtures("known_as_small")
@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist"])
def test_a_stream_gives_the_same_in_batches(small_sets, name):
    data = load_split(name, "train", small_sets)
    stream = stream_split(name, "train", 10, small_sets)
    for _ in range(2):  # as often as wanted
        batches = list(stream)
        assert [len(images) for images, _, _ in batches] == [10, 10, 5]
        images, labels, ids = map(np.concatenate, zip(*batches, strict=True))
        np.testing.assert_array_equal(images, data.images)
        np.testing.assert_array_equal(labels, data.labels)
        assert ids.tolist() == data.ids.tolist()


@pytest.mark.usefixtures("known_as_small")
@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist"])
@pytest.mark.parametrize("first", [3, 10, 24, 25])
def test_a_stream_goes_on_in_the_middle(small_sets, name, first):
    data = load_split(name, "train", small_sets)
    batches = list(stream_split(name, "train", 10, small_sets).after(first))
    assert sum(len(ids) for *_, ids in batches) == 25 - first
    for position, (images, labels, ids) in zip(range(first, 25, 10), batches, strict=True):
        part = slice(position, position + 10)
        np.testing.assert_array_equal(images, data.images[part])
        np.testing.assert_array_equal(labels, data.labels[part])
        assert ids.tolist() == data.ids[part].tolist()


@pytest.mark.usefixtures("known_as_small")
def test_loading_prints_nothing(small_sets, capfd):
    load_split("fashion_mnist", "test", small_sets)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("read", [load_split, stream_split])
def test_unknown_names_are_refused(read):
    with pytest.raises(InputError, match="did you mean 'cifar10'"):
        read("cifr10", "train")
    with pytest.raises(InputError, match="did you mean 'train'"):
        read("cifar10", "trian")


def test_a_batch_size_below_one_is_refused():
    with pytest.raises(InputError, match="batch_size is 0"):
        stream_split("cifar10", "train", batch_size=0)


def test_a_wrong_data_dir_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for wrong in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(InputError, match=f"data_dir '{wrong}' is not a folder"):
            load_split("cifar10", "train", wrong)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("download", [True, False])
def test_data_that_is_not_there_is_refused_with_the_remedy(tmp_path, download, caplog):
    with pytest.raises(InputError, match=r"is not prepared in.*data_dir") as raised:
        load_split("cifar100", "train", tmp_path, download)
    assert ("Name or service not known" in str(raised.value)) == download
    assert list(tmp_path.iterdir()) == []
    assert caplog.text == ""


def test_a_data_set_of_another_size_is_refused(small_sets):
    with pytest.raises(InputError, match=r"damaged: 25 train images .* where 50000 .* expected"):
        load_split("cifar10", "train", small_sets)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_shape": (32, 32, 1)}, r"\(32, 32, 3\) in 10 classes where 25 \(32, 32, 1\)"),
        ({"num_classes": 9}, "in 10 classes where .* in 9 are expected"),
    ],
)
@pytest.mark.usefixtures("known_as_small")
def test_a_set_of_other_images_or_classes_is_refused(small_sets, monkeypatch, change, message):
    other = dataclasses.replace(DATA_SETS["cifar10"], **change)
    monkeypatch.setitem(DATA_SETS, "cifar10", other)
    with pytest.raises(InputError, match=message):
        stream_split("cifar10", "train", 10, small_sets)


@pytest.fixture
def change_file(small_sets, tmp_path):
    """Returns a function that copies fashion_mnist, one file of it changed, removed for None."""

    def change(ending, new_content):
        copy = tmp_path / "fashion_mnist" / "3.0.1"
        copy.mkdir(parents=True)
        for file in (small_sets / "fashion_mnist").glob("*/*"):
            content = file.read_bytes()
            if ending in file.name:
                content = new_content(content)
            if content is not None:
                (copy / file.name).write_bytes(content)
        return tmp_path

    return change


@pytest.mark.usefixtures("known_as_small")
@pytest.mark.parametrize(
    "new_content",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: None,
        lambda content: content + content,
        lambda content: content.replace(b"IHDR", b"IHDX"),
    ],
    ids=["cut", "empty", "gone", "twice as long", "altered"],
)
def test_a_damaged_file_is_refused(change_file, new_content):
    folder = change_file("-test.tfrecord", new_content)
    with pytest.raises(InputError, match=r"damaged.*delete that folder"):
        load_split("fashion_mnist", "test", folder)


@pytest.mark.usefixtures("known_as_small")
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x89PNG"])
def test_a_damaged_description_is_refused(change_file, content):
    folder = change_file("dataset_info.json", lambda _: content)
    with pytest.raises(InputError, match=r"fashion_mnist in .* is damaged.*delete that folder"):
        load_split("fashion_mnist", "test", folder)


@pytest.mark.real_data
@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("name", sorted(REAL_CLASS_SIZES))
def test_real_sets_are_whole_and_balanced(name, split):
    data = load_split(name, split, os.environ.get("TFDS_DATA_DIR"), download=False)
    known = DATA_SETS[name]
    assert data.images.shape == (known.num_images[split], *known.image_shape)
    assert data.num_classes == known.num_classes
    size = REAL_CLASS_SIZES[name][split == "test"]
    assert np.bincount(data.labels).tolist() == [size] * known.num_classes
    assert len(set(data.ids)) == len(data)


@pytest.mark.real_data
def test_real_pixels_are_right():
    cifar = load_split("cifar10", "train", os.environ.get("TFDS_DATA_DIR"), download=False)
    mean = cifar.images.mean(axis=(0, 1, 2), dtype=np.float64) / 255
    np.testing.assert_allclose(mean, [0.49140, 0.48216, 0.44653], atol=5e-6)
