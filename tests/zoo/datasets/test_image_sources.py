"""What `open_images` takes for images: folders, files, lists, and splits at the size of a model."""

import numpy as np
import pytest
from PIL import Image

from classwise.zoo import InputError, read_images
from classwise.zoo.datasets.image_sources import evenly_chosen, open_images
from classwise.zoo.datasets.labeled_images import LabeledImages

SHAPE = (6, 5, 3)


@pytest.fixture
def photos(tmp_path):
    """Five images in two folders of a folder; the gray value tells which one it is."""
    for value, name in enumerate(["bag/a", "bag/b", "coat/c", "coat/d", "coat/e"]):
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (12, 10), 10 * value).save(path)
    return tmp_path / "photos"


def values(images):
    return images.images[np.arange(len(images))][:, 0, 0, 0].tolist()


@pytest.mark.parametrize(
    ("labeled", "labels"), [(False, None), (True, [0, 0, 1, 1, 1]), (None, [0, 0, 1, 1, 1])]
)
def test_a_folder_is_labeled_where_that_is_asked_for(photos, labeled, labels):
    (photos / "notes.txt").write_text("x")
    opened = open_images(photos, labeled=labeled)
    assert (opened.count, opened.others, opened.skipped) == (5, ("notes.txt",), ())
    images = opened.load(SHAPE)
    assert values(images) == [0, 10, 20, 30, 40]
    assert images.labels is None if labels is None else images.labels.tolist() == labels
    [first, second] = opened.stream(SHAPE, 3).batches(0)
    assert first.names.tolist() == ["bag/a.png", "bag/b.png", "coat/c.png"]
    assert second.images[:, 0, 0, 0].tolist() == [30, 40]
    assert second.labels is None if labels is None else second.labels.tolist() == [1, 1]


def test_loose_images_take_the_labels_of_all(photos):
    Image.new("L", (12, 10)).save(photos / "loose.png")
    assert open_images(photos, labeled=None).load(SHAPE).labels is None
    with pytest.raises(InputError, match="beside the class folders"):
        open_images(photos, labeled=True)


def test_class_names_of_another_folder(photos):
    names = ("hat", "coat", "bag")
    opened = open_images(photos, labeled=True, class_names=names)
    assert opened.class_names == names
    assert opened.load(SHAPE).labels.tolist() == [2, 2, 1, 1, 1]
    assert opened.stream(SHAPE, 9).class_names == names


def test_files_one_by_one(photos, monkeypatch):
    monkeypatch.chdir(photos)
    opened = open_images(["coat/d.png", "bag/a.png"])
    assert values(opened.load(SHAPE)) == [30, 0]
    assert next(opened.stream(SHAPE, 2).batches(0)).names.tolist() == ["coat/d.png", "bag/a.png"]
    assert values(open_images(photos / "bag" / "b.png").load(SHAPE)) == [10]


def test_a_list_of_files_is_relative_to_itself(photos, tmp_path):
    text = photos / "chosen.txt"
    text.write_text(f"coat/e.png\n\nbag/b.png\n{photos / 'coat' / 'c.png'}\n")
    opened = open_images(text)
    assert values(opened.load(SHAPE)) == [40, 10, 20]
    assert opened.load(SHAPE).ids.tolist()[:2] == ["coat/e.png", "bag/b.png"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("fashion:test", "Unknown data set 'fashion'"),
        ("fashion_mnist:tset", "did you mean 'test'"),
        ("cifar10", "give cifar10:train or cifar10:test"),
        ("photos", "'photos' is not a folder, nor an image"),
        ("cifar", "'cifar' is not a folder, nor an image"),
        ("no/such:thing", "'no/such:thing' is not a folder"),
        ("https://example.org/photos", "is a URL; fetch the images first"),
        ("EMPTY", "holds no image"),
        ("notes.md", r"notes\.md' is not an image"),
        ("empty.txt", r"empty\.txt' lists no image"),
        ("wrong.txt", r"There is no image '.*gone\.png'; take it off"),
        ("twice.txt", r"'bag/a\.png' is given twice"),
        ("folder.txt", r"bag' is a folder among files"),
        (["bag", "coat"], "'bag' is a folder among files"),
        (["bag/a.png", "cifar10:test"], "'cifar10:test' is not a folder, nor an image"),
    ],
)
def test_what_is_refused(photos, monkeypatch, source, message):
    monkeypatch.chdir(photos)
    (photos / "EMPTY").mkdir()
    (photos / "notes.md").write_text("x")
    for name, lines in {
        "empty": "\n",
        "wrong": "gone.png",
        "twice": "bag/a.png\nbag/a.png",
        "folder": "bag",
    }.items():
        (photos / f"{name}.txt").write_text(lines)
    with pytest.raises(InputError, match=message):
        open_images(source)


@pytest.mark.parametrize("options", [{"labeled": True}, {"class_names": ("bag",)}])
def test_files_have_no_labels(photos, options):
    with pytest.raises(InputError, match="a list of files has no folders"):
        open_images(photos / "bag" / "a.png", **options)


def test_broken_images_are_left_out_of_both(photos):
    path = photos / "coat" / "d.png"
    path.write_bytes(path.read_bytes()[:50])  # the header is whole
    (photos / "bag" / "a.png").write_bytes(b"")
    opened = open_images(photos, labeled=True, skip_bad_files=True)
    assert opened.skipped == ("bag/a.png",)
    images = opened.load(SHAPE)
    assert images.skipped == ("bag/a.png", "coat/d.png")
    assert (values(images), images.labels.tolist()) == ([10, 20, 40], [0, 1, 1])
    [batch] = opened.stream(SHAPE, 9).batches(0)
    assert batch.names.tolist() == ["bag/b.png", "coat/c.png", "coat/e.png"]
    assert (batch.skipped.tolist(), batch.labels.tolist()) == (["coat/d.png"], [0, 1, 1])


def test_a_stream_goes_on_and_knows_its_images(photos):
    stream = open_images(photos).stream(SHAPE, 2)
    assert [batch.names.tolist() for batch in stream.batches(3)] == [["coat/d.png", "coat/e.png"]]
    same = open_images(photos).stream(SHAPE, 4).identity
    assert stream.identity == same
    stream.check_unchanged()
    Image.new("L", (12, 10), 7).save(photos / "coat" / "c.png")
    assert open_images(photos).stream(SHAPE, 2).identity != same
    with pytest.raises(InputError, match=r"coat/c\.png' was changed or replaced"):
        stream.check_unchanged()


def test_pixels_are_those_of_read_images(photos):
    [batch] = open_images(photos).stream((4, 4, 1), 9).batches(0)
    expected = read_images(sorted(photos.rglob("*.png")), (4, 4, 1))
    np.testing.assert_array_equal(batch.images, expected)


@pytest.mark.parametrize(("total", "count"), [(5, 5), (5, 9), (5, 1), (100, 7)])
def test_some_of_the_images_at_even_steps(total, count):
    pixels = np.arange(total, dtype=np.uint8)[:, None, None, None]
    images = LabeledImages("a", "b", pixels, None, np.arange(total).astype(str))
    chosen = evenly_chosen(images, count).images[:, 0, 0, 0].astype(int)
    assert len(chosen) == min(total, count)
    assert chosen[0] == 0
    assert count == 1 or chosen[-1] == total - 1
    steps = np.diff(chosen)
    assert len(steps) == 0 or steps.max() - steps.min() <= 1


@pytest.mark.real_data
def test_a_split_goes_on_in_the_middle_of_a_batch():
    stream = open_images("fashion_mnist:test").stream((28, 28, 1), 300)
    next(stream.batches(0))
    whole = stream.batches(0)  # from the start again
    rest = open_images("fashion_mnist:test").stream((28, 28, 1), 256).batches(301)
    next(whole)
    after, second = next(rest), next(whole)
    for column in ("labels", "names"):
        expected = getattr(second, column)[1:51].tolist()
        assert getattr(after, column)[:50].tolist() == expected
    assert len(stream.class_names) == 10


@pytest.mark.real_data
def test_images_of_a_split_come_at_the_models_size():
    stream = open_images("fashion_mnist:test").stream((14, 14, 1), 3)
    assert stream.resizing == "images (28, 28, 1) resized to (14, 14, 1)"
    images = next(stream.batches(5)).images
    first = next(open_images("fashion_mnist:test").stream((28, 28, 1), 8).batches(0)).images
    for resized, pixels in zip(images, first[5:], strict=True):
        small = Image.fromarray(pixels[..., 0]).resize((14, 14), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(resized[..., 0], small)
