"""Pictures of cards: small, the same every time, and of the weights that they name."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.evaluation.evaluate import EncodedSets
from classwise.zoo.presets.registry import presets
from tools.publish import card_pictures
from tools.publish.card_pictures import (
    PICTURES,
    draw_pictures,
    outdated,
    shown_weights,
)

PRESET = presets()["dcwh_resnet9_fashion_mnist_48"]


@pytest.fixture(scope="module")
def images(protocol_images):
    return protocol_images((28, 28, 1))


@pytest.fixture(scope="module")
def sets(images):
    random = np.random.default_rng(1)
    counts = len(images.queries), len(images.database)
    codes = [random.integers(0, 256, (count, 6), np.uint8) for count in counts]
    return EncodedSets(codes[0], images.queries.labels, codes[1], images.database.labels, 48)


def test_pictures_are_the_same_every_time_and_name_their_weights(sets, images, tmp_path):
    assert list(outdated([PRESET], tmp_path)) == [PRESET]
    for folder in (PRESET.name, "again"):
        draw_pictures(PRESET, sets, images, tmp_path / folder)
    for name in PICTURES:
        path = tmp_path / PRESET.name / name
        assert shown_weights(path) == PRESET.sha256
        assert path.read_bytes() == (tmp_path / "again" / name).read_bytes()
        with Image.open(path) as picture:
            assert picture.width > 500
    assert list(outdated([PRESET], tmp_path)) == []
    retrained = dataclasses.replace(PRESET, sha256="0" * 64)
    assert list(outdated([retrained], tmp_path)) == [retrained]
    (tmp_path / PRESET.name / "distances.png").unlink()
    assert list(outdated([PRESET], tmp_path)) == [PRESET]


def test_four_queries_of_different_classes_are_shown(sets, images, monkeypatch):
    from classwise.zoo.evaluation.report import figures

    shown = {}
    names = ("queries", "labels", "found", "found_labels", "distances")
    monkeypatch.setattr(
        figures,
        "neighbor_sheet",
        lambda *args, class_names: shown.update(zip(names, args, strict=True)),
    )
    card_pictures.neighbors(sets, images)
    assert shown["found"].shape == (4, 6, 28, 28, 1)
    assert len(set(shown["labels"])) == 4
    bits = np.unpackbits(sets.query_codes, axis=1)[:, None] != np.unpackbits(
        sets.database_codes, axis=1
    )
    distances = bits.sum(axis=2)
    for row, label in enumerate(shown["labels"]):
        query = np.flatnonzero(images.queries.labels == label)[0]
        np.testing.assert_array_equal(shown["queries"][row], images.queries.images[query])
        np.testing.assert_array_equal(shown["distances"][row], np.sort(distances[query])[:6])
