"""Folders of images: classes, order, laziness, bad files, and every refusal."""

import warnings

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.datasets import image_folder, load_folder, plain_input_errors
from classwise.zoo.foundation.errors import InputError

SHAPE = (6, 5, 3)


def write_image(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (10, 12), (value, value, value)).save(path)


def write_cut_image(path):
    """A JPEG file whose header is whole and whose pixels are not."""
    noise = np.random.default_rng(0).integers(0, 256, [40, 40, 3], dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-500])


@pytest.fixture
def shoes(tmp_path):
    """Two classes; the grey value of an image tells which one it is."""
    folder = tmp_path / "shoes"
    for value, name in enumerate(["boot/b.png", "boot/a.png", "boot/c.bmp", "Sandal/x.jpg"]):
        write_image(folder / name, 10 * value)
    return folder


def test_every_sub_folder_is_a_class_and_files_are_sorted(shoes):
    data = load_folder(shoes, SHAPE)
    assert data.class_names == ("Sandal", "boot")
    assert data.ids.tolist() == ["Sandal/x.jpg", "boot/a.png", "boot/b.png", "boot/c.bmp"]
    assert data.labels.tolist() == [0, 1, 1, 1]
    assert data.labels.dtype == np.int64
    assert data.images[np.arange(4)][:, 0, 0, 0].tolist() == [30, 10, 0, 20]
    assert (data.name, data.split, data.skipped) == ("shoes", "folder", ())


def test_a_flat_folder_has_no_labels(shoes):
    data = load_folder(shoes / "boot", (6, 5, 1))
    assert data.labels is None
    assert data.ids.tolist() == ["a.png", "b.png", "c.bmp"]
    assert data.image_shape == (6, 5, 1)
    assert np.concatenate(list(data.batches(2)))[:, 0, 0, 0].tolist() == [10, 0, 20]


def test_images_are_indexed_like_an_array(shoes):
    images = load_folder(shoes, SHAPE).images
    assert images.shape == (4, *SHAPE)
    assert len(images) == 4
    assert images[1:3].shape == (2, *SHAPE)
    assert images[2].shape == SHAPE
    assert images[np.array([3, 0])][:, 0, 0, 0].tolist() == [20, 30]
    assert images[np.array([False, True, False, True])].shape == (2, *SHAPE)
    assert images[:0].shape == (0, *SHAPE)


def test_batches_and_selection(shoes):
    data = load_folder(shoes, SHAPE).select([3, 1])
    [(images, labels)] = data.batches(8)
    assert images[:, 0, 0, 0].numpy().tolist() == [20, 10]
    assert labels.numpy().tolist() == [1, 1]
    assert data.ids.tolist() == ["boot/c.bmp", "boot/a.png"]


def test_nothing_is_decoded_before_it_is_used(shoes, monkeypatch):
    decoded = []
    original = image_folder.read_images
    monkeypatch.setattr(
        image_folder, "read_images", lambda *args: decoded.append(args) or original(*args)
    )
    data = load_folder(shoes, SHAPE).select([0, 1, 2])
    assert not decoded
    data.images[np.array([1])]
    assert len(decoded) == 1


def test_links_are_followed_and_hidden_files_ignored(shoes, tmp_path):
    write_image(tmp_path / "elsewhere.png", 99)
    (shoes / "boot/link.png").symlink_to(tmp_path / "elsewhere.png")
    (shoes / "boot/.DS_Store").write_text("x")
    (shoes / ".cache").mkdir()
    (shoes / ".notes").write_text("x")
    data = load_folder(shoes, SHAPE)
    assert data.ids.tolist()[-1] == "boot/link.png"
    assert data.images[-1][0, 0, 0] == 99
    assert data.class_names == ("Sandal", "boot")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("boot/notes.txt", b"not an image", "not an image"),
        ("boot/empty.png", b"", "not an image"),
        ("notes.txt", b"not an image", "beside the class folders"),
        ("boot/inner/d.png", b"", "Is a directory"),
    ],
)
def test_a_bad_file_is_named_at_once_or_skipped_and_listed(shoes, name, content, reason):
    (shoes / name).parent.mkdir(exist_ok=True)
    (shoes / name).write_bytes(content)
    with pytest.raises(InputError, match=reason) as raised:
        load_folder(shoes, SHAPE)
    entry = name.removesuffix("/d.png")
    assert str(shoes / entry) in str(raised.value)
    data = load_folder(shoes, SHAPE, skip_bad_files=True)
    assert data.skipped == (entry,)
    assert len(data) == 4


def test_a_broken_link_is_named(shoes):
    (shoes / "boot/gone.png").symlink_to(shoes / "nowhere.png")
    with pytest.raises(InputError, match=r"gone\.png.*No such file"):
        load_folder(shoes, SHAPE)


def test_a_truncated_file_is_named_when_it_is_used_or_skipped_at_once(shoes):
    write_cut_image(shoes / "boot/cut.jpg")
    data = load_folder(shoes, SHAPE)
    with pytest.raises(InputError, match=r"boot/cut\.jpg.*truncated"):
        data.images[np.arange(5)]
    with (
        pytest.raises(InputError, match=r"^'.*boot/cut\.jpg.*truncated[^\n]*\.$"),
        plain_input_errors(),
    ):
        list(data.batches(2))
    data = load_folder(shoes, SHAPE, skip_bad_files=True)
    assert data.skipped == ("boot/cut.jpg",)
    assert len(list(data.batches(2))) == 2


def test_other_errors_pass_through_unchanged(shoes):
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError), plain_input_errors():
        tf.ensure_shape(tf.zeros([2]), [3])
    with pytest.raises(KeyError), plain_input_errors():
        raise KeyError("x")


@pytest.mark.parametrize("skip_bad_files", [False, True])
def test_a_class_without_images_is_named(shoes, skip_bad_files):
    (shoes / "clog").mkdir()
    if skip_bad_files:
        (shoes / "clog/notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"shoes/clog' holds no image"):
        load_folder(shoes, SHAPE, skip_bad_files=skip_bad_files)


def test_wrong_folders_are_refused(shoes, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"nowhere' is not a folder"):
        load_folder(tmp_path / "nowhere", SHAPE)
    with pytest.raises(InputError, match=r"a\.png' is not a folder"):
        load_folder(shoes / "boot/a.png", SHAPE)
    with pytest.raises(InputError, match=r"empty' holds no image"):
        load_folder(tmp_path / "empty", SHAPE)
    with pytest.raises(InputError, match=r"boot' has no sub-folders"):
        load_folder(shoes / "boot", SHAPE, labelled=True)
    with pytest.raises(InputError, match="Sandal"):
        load_folder(shoes, SHAPE, labelled=False)
    with pytest.raises(InputError, match="image_shape"):
        load_folder(shoes, (6, 5, 4))


def test_loading_leaves_no_file_open(shoes):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        load_folder(shoes, SHAPE).images[:]
