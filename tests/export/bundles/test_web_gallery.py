import numpy as np
import pytest
from PIL import Image

from classwise import zoo
from classwise.export.bundles.web_gallery import open_gallery, write_thumbnails
from classwise.zoo.datasets import LabeledImages


def many(count: int) -> LabeledImages:
    images = np.broadcast_to(np.uint8(0), (count, 2, 2, 1))
    ids = np.array([str(row) for row in range(count)])
    return LabeledImages("many", "test", images, None, ids)


@pytest.mark.parametrize(
    ("image_shape", "name"), [((28, 28, 1), "fashion_mnist"), ((32, 24, 3), "clothing")]
)
def test_default_is_a_bundled_sample_at_the_hashers_size(image_shape, name):
    gallery = open_gallery(None, image_shape)
    assert (gallery.name, gallery.image_shape) == (name, image_shape)
    assert len(gallery.class_names) == 10


def test_loaded_images_are_brought_to_the_hashers_size():
    assert open_gallery(many(3), (5, 4, 3)).image_shape == (5, 4, 3)


def test_folder_is_read_at_the_hashers_size(tmp_path):
    (tmp_path / "shoes").mkdir()
    Image.new("RGB", (50, 40)).save(tmp_path / "shoes" / "a.jpg")
    images = open_gallery(tmp_path, (10, 8, 3))
    assert (images.image_shape, images.class_names) == ((10, 8, 3), ("shoes",))


def test_of_too_many_images_2000_are_taken_at_even_steps():
    ids = open_gallery(many(5001), (2, 2, 1)).ids.astype(int)
    assert (len(ids), ids[0], ids[-1]) == (2000, 0, 5000)
    assert set(np.diff(ids)) == {2, 3}
    assert len(open_gallery(many(2000), (2, 2, 1))) == 2000


@pytest.mark.parametrize("channels", [1, 3])
def test_thumbnails_keep_every_pixel(tmp_path, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 7, channels), "uint8")
    write_thumbnails(tmp_path / "new", LabeledImages("a", "b", pixels, None, np.array(list("abc"))))
    found = zoo.read_images(sorted((tmp_path / "new").iterdir()), (5, 7, channels))
    np.testing.assert_array_equal(found, pixels)
    assert (tmp_path / "new" / "00002.png").is_file()
