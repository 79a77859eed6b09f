"""Photos small enough to write down, and a hasher of them, as an ONNX file."""

import numpy as np
import pytest
from PIL import Image

from tests.zoo.commands.conftest import classwise

__all__ = ["classwise"]


def write_photo(path, seed, size=(40, 30)):
    """Writes a photo of noise, smoothed so that JPEG keeps it."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    """A tree of years and trips, loose photos, and what is none."""
    folder = tmp_path / "photos"
    names = ["2020/a", "2020/rome/b", "2020/rome/c", "2021/d", "2021/e", "loose"]
    for seed, name in enumerate(names):
        write_photo(folder / f"{name}.jpg", seed)
    (folder / "notes.txt").write_text("x")
    return folder


@pytest.fixture
def model(make_onnx_file):
    return make_onnx_file()
