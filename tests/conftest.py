"""A browser for pages that are nothing but files, presets to damage, a protocol's images."""

import shutil
import subprocess

import hypothesis
import numpy as np
import pytest

from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.protocols import ProtocolImages, get_protocol
from classwise.zoo.presets import registry

QUERIES, DATABASE, CLASSES = 30, 100, 10

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.fixture
def rendered(tmp_path):
    """A function from a page to its document after rendering in headless Chromium."""
    chromium = shutil.which("chromium")
    assert chromium, "this test needs the command chromium (apt-get install chromium)"
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync "
        f"--user-data-dir={tmp_path / 'profile'} --dump-dom"
    )

    def dump(page):
        command = [chromium, *flags.split(), page.as_uri()]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=120, check=True
        )
        return done.stdout

    return dump


@pytest.fixture(scope="session")
def protocol_images():
    """Returns a function that gives a protocol's images of a given shape: of noise, but few."""

    def images(shape):
        random = np.random.default_rng(0)
        count = QUERIES + DATABASE
        images = LabeledImages(
            "fashion_mnist",
            "train+test",
            random.integers(0, 256, (count, *shape), np.uint8),
            np.arange(count) % CLASSES,
            np.array([f"{number}" for number in range(count)]),
            tuple(f"class_{label}" for label in range(CLASSES)),
        )
        positions = {
            "queries": np.arange(QUERIES),
            "database": np.arange(QUERIES, count),
            "training": np.arange(QUERIES, count - CLASSES),
            "validation": np.arange(count - CLASSES, count),
        }
        return ProtocolImages(get_protocol("fashion-mnist-full"), images, images.ids, positions)

    return images


@pytest.fixture
def presets_folder(tmp_path, monkeypatch):
    """A copy of the presets that a test may damage."""
    shutil.copytree(registry.FOLDER, tmp_path / "presets")
    monkeypatch.setattr(registry, "FOLDER", tmp_path / "presets")
    registry.tables.cache_clear()
    yield tmp_path / "presets"
    registry.tables.cache_clear()
