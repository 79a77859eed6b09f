"""The card of a hasher for any photos, and what is wrong with an entry that contradicts itself."""

import copy
import dataclasses
import re

import pytest

from classwise.zoo.cards.photo_card import photo_card
from classwise.zoo.presets.registry import get_trunk, presets
from tools.publish.check_entry import problems
from tools.publish.photo_figures import JUDGES

PRESET = presets()["dcwh_efficientnet_lite0_photos_64"]
TRUNK = get_trunk(PRESET.name)


def test_a_card_shows_every_contender_under_every_protocol():
    card = photo_card(PRESET, TRUNK)
    rows = [line for line in card.splitlines() if line.startswith("|")]
    for words, name in (
        ("**this hasher**", "hasher"),
        ("PCA + ITQ of the same pool", "pool ITQ"),
        ("PCA + ITQ fitted to these very photos", "own ITQ"),
        ("features of its trunk, floats", "trunk"),
    ):
        (row,) = (line for line in rows if line.startswith(f"| {words} |"))
        found = [PRESET.beside[protocol][name] for protocol in JUDGES]
        assert [cell.strip() for cell in row.split("|")[2:-1]] == [
            f"{each['map']:.3f} / {each['recall@1']:.3f}" for each in found
        ]


def test_a_card_tells_pool_license_and_threshold():
    card = photo_card(PRESET, TRUNK)
    (pool,) = PRESET.pools
    assert pool["license"] in card
    assert f"| {pool['photos']:,} | {pool['learned']:,} | `{pool['commit'][:8]}` |" in card
    assert f"at most **{PRESET.same_kind['distance']}** bits" in card
    fitted = PRESET.beside[PRESET.protocol]["fitted"]["map"]
    assert f"from {PRESET.metrics['map']['expected']:.3f} to {fitted:.3f}" in card


def test_the_larger_trunk_says_nothing_of_a_fitting_that_was_not_measured():
    preset = presets()["dcwh_efficientnet_lite2_photos_64"]
    assert "it is better." in photo_card(preset, get_trunk(preset.name))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"same_kind": PRESET.same_kind | {"false_match_rate": 0.02}}, "rate of false matches"),
        ({"same_kind": PRESET.same_kind | {"distance": 64}}, "within 64 bits are the same"),
        ({"pools": ({**PRESET.pools[0], "learned": 1001},)}, "1001 of 1000 photos"),
        ({"pools": ({**PRESET.pools[0], "license": ""},)}, "license of .* is missing"),
        ({"dataset": "cifar10"}, "its name is not"),
    ],
)
def test_an_entry_that_cannot_be_true(change, problem):
    found = problems(dataclasses.replace(PRESET, **change), TRUNK)
    assert any(re.search(problem, each) for each in found), found


def test_figures_of_two_places_agree():
    beside = copy.deepcopy(PRESET.beside)
    beside[PRESET.protocol]["hasher"]["map"] += 0.01
    (found,) = problems(dataclasses.replace(PRESET, beside=beside), TRUNK)
    assert found.startswith("mAP is")
