"""Files and folders that are not opened, whatever is in them."""

import keras
import numpy as np
import pytest

from classwise.losses import DCWHLoss
from classwise.zoo import Hasher, InputError
from classwise.zoo.models.keras_files import load_file


def hasher(*layers):
    backbone = keras.Sequential([keras.Input((8, 8, 3)), *layers, keras.layers.Flatten()])
    return Hasher(backbone, 8, 2)


def test_nothing_in_a_model_file_is_executed(tmp_path):
    """A Lambda layer would run code of the file."""
    hasher(keras.layers.Lambda(lambda x: x * 2)).save(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match="not a readable Keras model"):
        load_file(tmp_path / "lambda.keras")


@pytest.mark.parametrize("name", ["legacy.h5", "legacy.hdf5"])
def test_legacy_formats_are_not_opened(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(InputError, match=r"is no \.keras file"):
        load_file(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "legacy.keras")
    with pytest.raises(InputError, match="not a readable Keras model"):
        load_file(tmp_path / "legacy.keras")


def test_a_folder_with_a_legacy_file_is_not_opened(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(InputError, match=r"has no config\.json"):
        load_file(tmp_path)


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_hasher_that_was_compiled_but_not_trained_loads_quietly(tmp_path):
    made = hasher()
    made.compile("adamw", DCWHLoss())
    made.save(tmp_path / "mine.keras")
    images = np.zeros((1, 8, 8, 3), np.uint8)
    loaded = load_file(tmp_path / "mine.keras")
    np.testing.assert_array_equal(loaded.embed(images, verbose=0), made.embed(images, verbose=0))
