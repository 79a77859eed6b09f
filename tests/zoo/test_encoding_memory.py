"""Encoding a whole split holds a few batches of images at a time."""

from pathlib import Path

import pytest

from classwise.zoo import list_models
from classwise.zoo.encoders import open_encoder
from classwise.zoo.encoding import encode_to_file, open_images


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@pytest.mark.real_data
def test_memory_stays_flat_over_60000_images(tmp_path):
    encoder = open_encoder(list_models(dataset="fashion_mnist")[0])
    stream = open_images("fashion_mnist:train", encoder.image_shape)
    seen = []
    encode_to_file(
        encoder,
        stream,
        tmp_path / "codes.npz",
        progress=lambda n: seen.append(resident_megabytes()),
    )
    # The pixels of the split alone are 47 MB.
    assert max(seen[-50:]) - max(seen[40:60]) < 20
