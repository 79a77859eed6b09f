"""docs/ZOO.md: presets and published figures side by side, each in the column of its bits."""

import dataclasses

from classwise.zoo.cards.publications import PUBLISHED, PublishedFigures
from classwise.zoo.cards.zoo_page import (
    by_code_length,
    preset_rows,
    summary,
    trunk_rows,
    zoo_page,
)
from classwise.zoo.methods import METHODS
from classwise.zoo.presets.list_models import list_models
from classwise.zoo.presets.registry import get_preset, presets, trunks

PRESET = get_preset(list_models(method="dcwh", dataset="fashion_mnist")[0])


def preset(bits, value, **changes):
    metrics = {**PRESET.metrics, "map": {**PRESET.metrics["map"], "expected": value}}
    return dataclasses.replace(
        PRESET, name=f"p{bits}", code_length=bits, metrics=metrics, **changes
    )


def test_values_stand_in_the_column_of_their_bits():
    figures = [
        PublishedFigures("A|B", "dcwh", PRESET.protocol, "Net", {24: 0.5, 48: 0.61234}),
        PublishedFigures("Elsewhere", "dcwh", "another-protocol", "Net", {8: 0.1}),
    ]
    presets = [preset(48, 0.91239), preset(16, 0.8)]
    header, (ours, theirs) = by_code_length(presets, figures, "cards")
    assert header == ["source", "backbone", ">16 bits", ">24 bits", ">48 bits"]
    assert ours[2:] == ("[0.8000](cards/p16.md)", "-", "[0.9124](cards/p48.md)")
    assert theirs == (r"A\|B", "Net", "-", "0.5000", "0.6123")


def test_a_trunk_is_one_row_and_another_trunk_another():
    given = [preset(16, 0.8), preset(32, 0.9), preset(64, 0.7, trunk="x")]
    _, found = by_code_length(given, [], "cards")
    networks = [
        f"`{PRESET.backbone}`, trunk [`{name}`](cards/{name}.md)" for name in (PRESET.trunk, "x")
    ]
    assert [row[1] for row in found] == networks
    assert found[1][2:] == ("-", "-", "[0.7000](cards/p64.md)")


def test_every_protocol_has_a_table():
    given = [preset(16, 0.8), preset(32, 0.9, dataset="cifar10", protocol="cifar10-full")]
    first, table, second, _ = summary(given, "cards").split("\n\n")
    assert first == "mAP on **CIFAR-10**, protocol `cifar10-full`:"
    assert second.endswith(f"protocol `{PRESET.protocol}`:")
    assert "p32" in table
    assert "p16" not in table
    assert "DCWH paper" in table


def test_presets_come_in_the_order_of_their_bits():
    found = preset_rows([preset(64, 0.9), preset(16, 0.8), preset(32, 0.7)])
    assert [row[1] for row in found] == [16, 32, 64]
    assert found[0][3].startswith("**0.8000** ± ")
    assert found[0][-1] == f"{PRESET.total_bytes / 1e6:.2f} MB"


def test_trunks_know_how_many_stand_on_them():
    trunk = trunks()[PRESET.trunk]
    other = dataclasses.replace(trunk, name="other")
    found = trunk_rows([trunk, other], [preset(16, 0.5), preset(24, 0.5)])
    assert [row[3] for row in found] == [2, 0]


def test_the_page_has_every_preset_and_states_the_tie_rule():
    every, protocols = list(presets().values()), {p.protocol for p in presets().values()}
    page = zoo_page(every, list(trunks().values()))
    for entry in [*every, *trunks().values()]:
        assert f"[`{entry.name}`](models/{entry.name}.md)" in page
    assert "expectation over all orders inside ties" in page
    for figures in PUBLISHED:
        if figures.protocol in protocols:
            assert all(f"{value:.4f}" in page for value in figures.map.values())


def test_published_figures_are_shares_of_known_methods():
    for figures in PUBLISHED:
        assert figures.method in METHODS
        assert all(0 < value < 1 for value in figures.map.values())
