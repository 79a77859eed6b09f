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
    """Two classes; the gray value of an image tells which one it is."""
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

    def read(*args, **options):
        decoded.append(args)
        return original(*args, **options)

    monkeypatch.setattr(image_folder, "read_images", read)
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


@pytest.mark.parametrize("name", ["boot/empty.png", "boot/inner/d.jpeg"])
def test_a_broken_image_is_named_at_once_or_skipped_and_listed(shoes, name):
    (shoes / name).parent.mkdir(exist_ok=True)
    (shoes / name).write_bytes(b"")
    with pytest.raises(InputError, match="not an image; replace it or leave it out") as raised:
        load_folder(shoes, SHAPE)
    assert str(shoes / name) in str(raised.value)
    assert "--skip-bad-files" in str(raised.value)
    data = load_folder(shoes, SHAPE, skip_bad_files=True)
    assert data.skipped == (name,)
    assert len(data) == 4


def test_files_that_are_no_images_are_passed_over_and_listed(shoes):
    for name in ("boot/notes.txt", "Thumbs.db", "boot/a.xmp"):
        (shoes / name).write_text("not an image")
    data = load_folder(shoes, SHAPE)
    assert data.others == ("Thumbs.db", "boot/a.xmp", "boot/notes.txt")
    assert (len(data), data.skipped, data.class_names) == (4, (), ("Sandal", "boot"))


def test_an_image_beside_the_class_folders_has_no_class(shoes):
    write_image(shoes / "loose.png")
    for options in ({}, {"labeled": True}, {"skip_bad_files": True}):
        with pytest.raises(InputError, match=r"loose\.png' lies beside the class folders"):
            load_folder(shoes, SHAPE, **options)
    data = load_folder(shoes, SHAPE, labeled=False)
    assert (len(data), data.labels, data.class_names) == (5, None, ())


def test_images_at_any_depth_belong_to_the_class_above_them(shoes):
    write_image(shoes / "Sandal/2020/rome/a.png", 90)
    data = load_folder(shoes, SHAPE)
    assert data.ids.tolist()[:2] == ["Sandal/2020/rome/a.png", "Sandal/x.jpg"]
    assert data.labels.tolist() == [0, 0, 1, 1, 1]


def test_two_folders_number_their_classes_alike(shoes, tmp_path):
    write_image(tmp_path / "val/boot/a.png")
    (tmp_path / "val/clog").mkdir()
    train = load_folder(shoes, SHAPE)
    alone = load_folder(tmp_path / "val", SHAPE)
    assert (alone.class_names, alone.labels.tolist()) == (("boot", "clog"), [0])
    val = load_folder(tmp_path / "val", SHAPE, class_names=train.class_names)
    assert (val.class_names, val.labels.tolist()) == (train.class_names, [1])
    write_image(tmp_path / "val/boots/b.png")
    with pytest.raises(InputError, match=r"val/boots': Unknown class 'boots'; did you mean 'boot'"):
        load_folder(tmp_path / "val", SHAPE, class_names=train.class_names)
    with pytest.raises(InputError, match="holds 'boot' twice"):
        load_folder(shoes, SHAPE, class_names=("boot", "Sandal", "boot"))
    with pytest.raises(InputError, match="give a sequence of names"):
        load_folder(shoes, SHAPE, class_names="boot")


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


def test_a_class_without_images_is_a_class(shoes):
    (shoes / "clog").mkdir()
    (shoes / "clog/notes.txt").write_text("x")
    data = load_folder(shoes, SHAPE)
    assert data.class_names == ("Sandal", "boot", "clog")
    assert data.labels.tolist() == [0, 1, 1, 1]


def test_wrong_folders_are_refused(shoes, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"nowhere' is not a folder"):
        load_folder(tmp_path / "nowhere", SHAPE)
    with pytest.raises(InputError, match=r"a\.png' is not a folder"):
        load_folder(shoes / "boot/a.png", SHAPE)
    with pytest.raises(InputError, match=r"empty' holds no image"):
        load_folder(tmp_path / "empty", SHAPE)
    with pytest.raises(InputError, match=r"boot' has no sub-folders"):
        load_folder(shoes / "boot", SHAPE, labeled=True)
    with pytest.raises(InputError, match="image_shape"):
        load_folder(shoes, (6, 5, 4))


def test_loading_leaves_no_file_open(shoes):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        load_folder(shoes, SHAPE).images[:]
