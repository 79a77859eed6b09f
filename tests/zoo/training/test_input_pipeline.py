import hashlib

import numpy as np
import pytest

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.recipe import Augmentation

PLAIN = Augmentation()
STRONG = Augmentation(flip=True, shift=2)
ERASING = Augmentation(flip=True, shift=2, erase=3)


@pytest.fixture(scope="module")
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 1)).astype(np.uint8)
    pixels[:, 0, 0, 0] = np.arange(50)  # names the image
    ids = np.array([f"train_{i}" for i in range(50)])
    names = tuple("abcde")
    return LabeledImages("toy", "train", pixels, np.arange(50) % 5, ids, names)


def batches(images, augmentation, epochs, seed=0, size=16):
    found = training_batches(images, size, augmentation, seed, epochs)
    return [(x.numpy(), y.numpy()) for x, y in found]


def test_an_epoch_has_whole_batches_of_different_images(images):
    epoch = batches(images, PLAIN, range(1))
    assert [x.shape for x, _ in epoch] == [(16, 8, 8, 1)] * 3
    names = np.concatenate([x[:, 0, 0, 0] for x, _ in epoch])
    assert len(set(names.tolist())) == 48
    for x, y in epoch:
        assert x.dtype == np.uint8
        np.testing.assert_array_equal(x[:, 0, 0, 0] % 5, y)


def test_every_epoch_has_another_order(images):
    epochs = batches(images, PLAIN, range(2))
    first, second = (np.concatenate([y for _, y in part]) for part in (epochs[:3], epochs[3:]))
    assert (first != second).any()


@pytest.mark.parametrize("augmentation", [STRONG, ERASING])
def test_starting_later_gives_what_would_have_come(images, augmentation):
    whole = batches(images, augmentation, range(3))
    late = batches(images, augmentation, range(1, 3))
    for (x, y), (late_x, late_y) in zip(whole[3:], late, strict=True):
        np.testing.assert_array_equal(x, late_x)
        np.testing.assert_array_equal(y, late_y)


def test_seed_decides(images):
    one, same, other = (batches(images, STRONG, range(1), seed)[0][0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_a_set_smaller_than_a_batch_is_one_batch(images):
    assert [len(y) for _, y in batches(images, PLAIN, range(2), size=64)] == [50, 50]


def test_augmentation_gives_every_flip_and_shift(images):
    """Against a loop over all 2 x 5 x 5 outcomes; each image must be one of them."""
    one = images.select(np.array([7] * 50))
    image = one.images[0]
    outcomes = {}
    for flipped in (False, True):
        padded = np.pad(image[:, ::-1] if flipped else image, [(2, 2), (2, 2), (0, 0)], "reflect")
        for top in range(5):
            for left in range(5):
                crop = padded[top : top + 8, left : left + 8]
                outcomes[crop.tobytes()] = (flipped, top, left)
    seen = [outcomes[x.tobytes()] for batch, _ in batches(one, STRONG, range(30)) for x in batch]
    assert len(set(seen)) == 50
    # Flip and shift are independent: each half of the flips sees the mean shift.
    for flipped in (False, True):
        tops = [top for f, top, _ in seen if f == flipped]
        assert abs(np.mean(tops) - 2) < 0.25
        assert len(tops) > 0.4 * len(seen)


def test_erasing_changes_nothing_but_its_square(images):
    """Flip and shift stay as they are without it, and its place is new in every epoch."""
    epochs = range(2)
    centers = []
    for (x, y), (erased, same_y) in zip(
        batches(images, STRONG, epochs), batches(images, ERASING, epochs), strict=True
    ):
        np.testing.assert_array_equal(y, same_y)
        for one, other in zip(x, erased, strict=True):
            mean = np.floor(one.mean() + 0.5)
            rows, columns = np.nonzero((one != other)[:, :, 0])
            assert (other[rows, columns] == mean).all()
            height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
            assert max(height, width) <= 3
            assert len(rows) >= height * width - (one == mean).sum()
            centers.append((rows.mean(), columns.mean()))
    assert len(set(centers[:48])) > 20
    assert centers[:48] != centers[48:]


def test_the_batches_of_recipes_without_erasing_are_those_of_older_versions(images):
    """Or a training that an older version began would go on with other images."""
    digest = hashlib.sha256()
    for x, y in batches(images, STRONG, range(2), seed=3):
        digest.update(x.tobytes() + y.astype("<i8").tobytes())
    assert digest.hexdigest()[:16] == "eafb431ebe01774f"
