import numpy as np
import pytest

from classwise.export.proof.probe_images import probe_images


@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 7, 3), (1, 1, 4)])
def test_images_are_varied_and_always_the_same(shape):
    images = probe_images(shape)
    assert images.shape == (24, *shape)
    assert images.dtype == np.uint8
    assert (images[0] == 0).all()
    assert (images[1] == 255).all()
    assert len({image.tobytes() for image in images}) > 15
    np.testing.assert_array_equal(images, probe_images(shape))


def test_images_are_smoother_than_noise():
    images = probe_images((32, 32, 3))[2:].astype(float)
    neighbors = np.abs(np.diff(images, axis=2)).mean()
    assert neighbors < 0.5 * np.abs(images[1:] - images[:-1]).mean()


def test_few_images():
    assert probe_images((4, 4, 1), count=1).tolist() == np.zeros((1, 4, 4, 1)).tolist()
