from types import SimpleNamespace

from classwise.export import preset_facts


def test_a_preset_tells_where_its_numbers_come_from(monkeypatch):
    preset = SimpleNamespace(
        name="p",
        method="dcwh",
        backbone="resnet8",
        dataset="d",
        protocol="d-full",
        license="Apache-2.0",
        metrics={"map": {"expected": 0.81236}},
    )
    monkeypatch.setattr("classwise.zoo.presets.presets", lambda: {"p": preset})
    assert preset_facts("p") == {
        "preset": "p",
        "method": "dcwh",
        "backbone": "resnet8",
        "dataset": "d",
        "protocol": "d-full",
        "map": "0.8124",
        "license": "Apache-2.0",
    }
    assert preset_facts("mine.keras") == {}
