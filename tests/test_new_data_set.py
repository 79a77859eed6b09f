"""A data set that does not come from TFDS is one entry: protocol, codes, list and card take it."""

import dataclasses
import json

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.cards.preset_card import preset_card
from classwise.zoo.cards.trunk_card import trunk_card
from classwise.zoo.cards.zoo_page import zoo_page
from classwise.zoo.commands import main
from classwise.zoo.datasets import protocol_digests
from classwise.zoo.datasets.catalogue import DATA_SETS
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.datasets.protocols import PROTOCOLS, get_protocol
from classwise.zoo.presets import registry
from classwise.zoo.presets.registry import get_preset, get_trunk, presets, trunks
from tests.made_up import DATA_SET, PROTOCOL
from tools.publish.check_entry import problems
from tools.publish.record_protocol_digests import compute_digests

PRESET = get_preset("dcwh_resnet9_fashion_mnist_48")
TRUNK = dataclasses.replace(get_trunk(PRESET.name), dataset=DATA_SET.name)
PRESET = dataclasses.replace(
    PRESET,
    name="dcwh_resnet9_brightness_48",
    dataset=DATA_SET.name,
    protocol=PROTOCOL.name,
    foreign={},
)


@pytest.fixture(autouse=True)
def entries(monkeypatch):
    monkeypatch.setitem(DATA_SETS, DATA_SET.name, DATA_SET)
    monkeypatch.setitem(PROTOCOLS, PROTOCOL.name, PROTOCOL)


@pytest.fixture
def recorded(monkeypatch, tmp_path):
    """The digests of the protocol, recorded as the command does."""
    monkeypatch.setattr(protocol_digests, "DIGESTS_FILE", tmp_path / "digests.json")
    (tmp_path / "digests.json").write_text(json.dumps(compute_digests([PROTOCOL.name])))


def test_its_protocol_loads():
    images = get_protocol("brightness-full").load()
    counts = [len(images.record_ids(role)) for role in ("queries", "database", "validation")]
    assert counts == [15, 60, 15]


def test_its_images_stream():
    stream = open_images("brightness:train").stream((8, 8, 1), 25)
    batches = list(stream.batches(10))
    assert (stream.count, [len(batch.names) for batch in batches]) == (60, [25, 25])
    assert batches[0].names[0] == "train_10"
    assert len(stream.class_names) == DATA_SET.num_classes
    with pytest.raises(InputError, match="brightness:train or brightness:test"):
        open_images("brightness")
    with pytest.raises(InputError, match="did you mean 'train'"):
        open_images("brightness:trian")


@pytest.mark.usefixtures("recorded")
def test_its_cards_and_page():
    card = preset_card(PRESET, TRUNK, TRUNK.name)
    assert "[Brightness](https://example.org/brightness): Squares of noise" in card
    assert "Public domain." in card
    assert "15 queries, 60 database images; 45 training and 15 validation images" in card
    assert DATA_SET.citation in card
    assert "datasets:" not in card.partition("\n---\n")[0]  # it is on no hub
    assert DATA_SET.citation in trunk_card(TRUNK, [PRESET.name])
    assert "## Brightness" in zoo_page([PRESET], [TRUNK])
    channels = dataclasses.replace(PRESET, image_shape=(28, 28, 3))
    assert "its images have other channels" in problems(channels, TRUNK)


def test_presets_of_it_are_listed(monkeypatch, capsys):
    tables = ({**trunks(), TRUNK.name: TRUNK}, {**presets(), PRESET.name: PRESET})
    monkeypatch.setattr(registry, "tables", lambda: tables)
    assert main(["list", "--dataset", "brightness"]) == 0
    assert PRESET.name in capsys.readouterr().out


def test_what_is_forgotten_is_said(monkeypatch):
    with pytest.raises(InputError, match=r"Nothing is recorded of .*record_protocol_digests"):
        preset_card(PRESET, TRUNK)
    monkeypatch.delitem(DATA_SETS, DATA_SET.name)
    for needs_it in (
        lambda: preset_card(PRESET, TRUNK),
        lambda: trunk_card(TRUNK, []),
        lambda: zoo_page([PRESET], [TRUNK]),
        lambda: get_protocol("brightness-full").load(),
    ):
        with pytest.raises(InputError, match="Unknown data set 'brightness'"):
            needs_it()


def test_a_data_set_without_source_is_not_read():
    with pytest.raises(InputError, match=r"photos is known by its facts only; .*fashion_mnist"):
        open_images("photos:all")


@pytest.mark.parametrize("name", DATA_SETS)
def test_entries_are_whole(name):
    data_set = DATA_SETS[name]
    assert data_set.name == name
    assert data_set.citation[0] + data_set.citation[-1] == "@}"
    for sentence in (data_set.license, data_set.content, data_set.biases):
        assert sentence.endswith(".")
    assert data_set.num_classes > 1
    assert all(np.array(list(data_set.num_images.values())) > 0)
