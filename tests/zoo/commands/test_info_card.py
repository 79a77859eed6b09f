"""`classwise info NAME --card`: the card of a preset or a trunk, for a model hub."""

from classwise.zoo.cards.cards import card
from classwise.zoo.presets.registry import presets


def test_a_card_is_printed(classwise):
    preset = next(iter(presets().values()))
    for name in (preset.name, preset.trunk):
        status, out, err = classwise("info", name, "--card")
        assert (status, err) == (0, "")
        assert out == card(name)


def test_a_card_is_no_json(classwise):
    assert classwise("info", "any", "--card", "--json")[0] == 2


def test_a_card_of_nothing(classwise):
    status, out, err = classwise("info", "nothing", "--card")
    assert (status, out) == (2, "")
    assert "Unknown preset or file 'nothing'" in err
