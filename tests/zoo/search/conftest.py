"""Photos small enough to write down, and a hasher of them, as an ONNX file."""

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.encoding.block_encoder import BlockEncoder, divided
from classwise.zoo.encoding.encode_to_file import encode_to_file
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.unfinished_parts import UnfinishedParts
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


@pytest.fixture
def write_codes():
    """Writes the codes of photos: a file, or without an ending the folder that Ray writes."""

    def write(model, photos, path, embeddings=True):
        images, encoder = open_images(photos), open_encoder(model)
        if path.suffix == ".npz":
            stream = images.stream(encoder.image_shape, 4)
            encode_to_file(encoder, stream, path, embeddings=embeddings)
            return path
        blocks = list(divided(images, encoder.image_shape, 4))
        run = {"model": encoder.identity, "embeddings": embeddings}
        with UnfinishedParts(path, run, blocks) as parts:
            worker = BlockEncoder(model.read_bytes(), str(parts.folder), 4, embeddings)
            assert not any(worker.encode(block).error for block in parts.missing)
            facts = {"model": encoder.identity, "code_length": encoder.code_length}
            parts.finish({**facts, "class_names": []})
        return path

    return write
