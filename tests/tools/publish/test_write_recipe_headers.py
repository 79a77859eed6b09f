import dataclasses
from pathlib import Path

import pytest

from classwise.zoo.presets import get_preset
from classwise.zoo.presets.registry import get_trunk
from tools.publish.write_recipe_headers import recipe_texts, result_lines, with_results

ROOT = Path(__file__).parents[3]
PRESETS = [get_preset(f"dcwh_resnet9_fashion_mnist_{bits}") for bits in (64, 16)]
TEXT = "# Title\n#\n# Command   x\n# Result    old\n#           older\n\nmethod = 1\n"


def test_bundled_recipes_say_what_the_registry_says():
    for file, (text, wanted) in recipe_texts(ROOT).items():
        assert text == wanted, f"{file.name}: python -m tools.publish.write_recipe_headers"


def test_lines_give_cost_and_every_code_length_in_order():
    lines = result_lines([dataclasses.replace(preset, other_seeds={}) for preset in PRESETS])
    wide, narrow = (f"{preset.metrics['map']['expected']:.4f}" for preset in PRESETS)
    assert f"16 bits {narrow}, 64 bits {wide} under fashion-mnist-full" in lines
    assert "n = 1" in lines
    assert lines.startswith("# Cost ")
    minutes = sorted(preset.training["minutes"] for preset in PRESETS)
    assert f"{minutes[0]:g} to {minutes[1]:g} minutes" in lines


def test_other_seeds_give_a_range():
    preset = PRESETS[0]
    own = preset.metrics["map"]["expected"]
    seeds = {"1": own - 0.02, "2": own + 0.01}
    lines = " ".join(result_lines([dataclasses.replace(preset, other_seeds=seeds)]).split())
    assert f"mAP {own:.4f} ({own - 0.02:.4f} to {own + 0.01:.4f}) under" in lines
    assert "n = 3)" in lines


def test_a_trunks_recipe_gives_its_cost_and_accuracy():
    log = {"minutes": 12.5, "cores": 2, "val_accuracy": 0.91234}
    lines = trunk_lines(log)
    assert lines.startswith("Cost 12.5 minutes on 2 cores Result the trunk dcwh_resnet9_fashion")
    assert "right for 91.23% of the validation images (seed 3, n = 1)" in lines
    lines = trunk_lines(log, {"0": 0.9, "7": 0.92})
    assert "right for 91.23% (90.00% to 92.00%) of the validation images (the stored" in lines
    assert lines.endswith("trunk's seed first, n = 3)")


def test_minutes_measured_on_a_cpu_stand_beside_those_of_the_training():
    log = {"minutes": 2.5, "device": "gpu", "val_accuracy": 0.9}
    assert trunk_lines(log).startswith("Cost 2.5 minutes on a GPU Result")
    measured = {
        "machine": {"cores": 4},
        "backend": "torch",
        "steps": 20,
        "recipes": {"it": {"minutes": 81.6, "epochs": 7}},
    }
    assert trunk_lines(log, measured=measured).startswith(
        "Cost 2.5 minutes on a GPU; about 82 on 4 cores with torch, by the time of 20 steps Result"
    )
    measured["recipes"]["it"]["epochs"] = 8
    with pytest.raises(ValueError, match="those of 8 epochs, not 7: python bench"):
        trunk_lines(log, measured=measured)


def test_trainings_on_different_machines_name_none():
    entries = [
        dataclasses.replace(preset, training={"minutes": minutes, **machine})
        for preset, minutes, machine in zip(
            PRESETS, (2, 3.6), ({"cores": 2}, {"device": "gpu"}), strict=True
        )
    ]
    for some in (entries, entries[::-1]):
        assert result_lines(some).startswith("# Cost      2 to 3.6 minutes\n")


def trunk_lines(training, other_seeds=None, measured=None):
    """The lines of a trunk's recipe, as one."""
    trunk = dataclasses.replace(
        get_trunk("dcwh_resnet9_fashion_mnist"),
        training=training,
        recipe={"name": "it", "seed": 3, "stages": [{"epochs": 4}, {"epochs": 3}]},
        other_seeds=other_seeds or {},
    )
    return " ".join(result_lines([trunk], measured).replace("#", "").split())


def test_only_these_lines_are_replaced_and_that_once():
    once = with_results(TEXT, PRESETS[:1])
    assert once.startswith("# Title\n#\n# Command   x\n# Cost ")
    assert once.endswith("\n\nmethod = 1\n")
    assert "old" not in once
    assert with_results(once, PRESETS[:1]) == once
    assert "not in the zoo yet" in with_results(TEXT, [])


def test_a_header_without_a_place_for_them_is_refused():
    with pytest.raises(ValueError, match="no line '# Result'"):
        with_results("method = 1\n", PRESETS)
