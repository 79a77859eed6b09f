"""Batches that are decoded on all cores: in order, few ahead, errors in their turn."""

import threading

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.datasets import image_stream
from classwise.zoo.datasets.image_stream import BATCHES_AHEAD, batches_of, decoded_batches
from classwise.zoo.datasets.open_image import UnreadableImage


def image(position):
    return np.full((2, 2, 1), position, np.uint8)


@pytest.mark.parametrize("batch_size", [1, 7, 20, 64])
def test_batches_come_in_order_from_any_image_on(batch_size):
    for first in (0, 3, 40):
        found = list(decoded_batches(image, first, 50, batch_size, False))
        assert [p for positions, _, _ in found for p in positions] == list(range(first, 50))
        assert all(len(positions) == batch_size for positions, _, _ in found[:-1])
        pixels = np.concatenate([pixels for _, pixels, _ in found])
        assert pixels[:, 0, 0, 0].tolist() == list(range(first, 50))


def test_all_cores_decode_at_once(monkeypatch):
    """Every thread waits until the others have come: with one of them it would never end."""
    monkeypatch.setattr(image_stream, "cores", lambda: 3)
    together = threading.Barrier(3, timeout=60)

    def read(position):
        if position % image_stream.IMAGES_A_TASK == 0:
            together.wait()
        return image(position)

    found = list(decoded_batches(read, 0, 6 * image_stream.IMAGES_A_TASK, 64, False))
    assert len(found) == 1


def test_few_batches_are_decoded_ahead():
    decoded = []
    batches = decoded_batches(lambda p: decoded.append(p) or image(p), 0, 1000, 10, False)
    next(batches)
    assert len(decoded) <= 10 * (BATCHES_AHEAD + 1)
    batches.close()
    assert len(decoded) <= 10 * (BATCHES_AHEAD + 1)


def test_an_error_comes_in_its_turn_and_ends_the_others():
    def read(position):
        if position == 15:
            raise UnreadableImage("'15.jpg' is damaged; replace it or leave it out.")
        return image(position)

    batches = decoded_batches(read, 0, 100, 10, False)
    next(batches)
    with pytest.raises(InputError, match=r"15\.jpg.*--skip-bad-files"):
        next(batches)
    found = list(decoded_batches(read, 0, 30, 10, True))
    assert [bad for _, _, bad in found] == [[], [15], []]
    assert [len(pixels) for _, pixels, _ in found] == [10, 9, 10]


def test_only_broken_images_are_skipped():
    def read(position):
        raise InputError("'7.jpg' cannot be opened: Permission denied.")

    with pytest.raises(InputError, match="Permission denied"):
        list(decoded_batches(read, 0, 3, 2, True))


def test_arrays_are_cut_and_other_sources_read():
    array = np.arange(10, dtype=np.uint8)[:, None, None, None]

    class Source:
        shape = array.shape

        def __getitem__(self, key):
            return array[key]

    for images in (array, Source()):
        batches = list(batches_of(images, 4))
        assert [len(batch) for batch in batches] == [4, 4, 2]
        np.testing.assert_array_equal(np.concatenate(batches), array)
