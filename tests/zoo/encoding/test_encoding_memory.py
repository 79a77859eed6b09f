"""Encoding a whole split holds a few batches of images at a time."""

import subprocess
import sys

import pytest

# In a process of its own, whose memory no other test has filled and freed.
ENCODE = """
import sys
from pathlib import Path

from classwise.zoo import Hasher, resnet
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.encoding.encoders import KerasEncoder
from classwise.zoo.encoding.encode_to_file import encode_to_file


def resident_megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


encoder = KerasEncoder(Hasher(resnet(8, (28, 28, 1), width=2), 48, 10))
stream = open_images("fashion_mnist:train").stream(encoder.image_shape, 256)
seen = []
encode_to_file(encoder, stream, sys.argv[1], progress=lambda n: seen.append(resident_megabytes()))
print(len(seen), max(seen[-50:]) - max(seen[40:60]))
"""


@pytest.mark.real_data
def test_memory_stays_flat_over_60000_images(tmp_path):
    command = [sys.executable, "-c", ENCODE, tmp_path / "codes.npz"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    batches, growth = output.split()
    assert int(batches) > 200
    # The pixels of the split alone are 47 MB.
    assert float(growth) < 20
