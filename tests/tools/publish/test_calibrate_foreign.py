import dataclasses

import numpy as np
import pytest

from classwise.zoo.presets.foreign import is_clearly_more
from classwise.zoo.presets.registry import get_trunk, presets
from tools.publish.calibrate_foreign import foreign_facts, told
from tools.publish.check_entry import problems
from tools.publish.check_foreign import SET

PRESET = presets()["dcwh_airbench_cifar10_48"]


def test_every_preset_says_how_foreign_images_look():
    for preset in presets().values():
        assert preset.foreign, preset.name
        own = preset.foreign["own"][preset.protocol]
        if preset.tells_foreign:
            assert own["told"] < 0.001, preset.name
            assert own["foreign"] < 0.02, preset.name


def test_thresholds_let_one_and_ten_of_a_hundred_pass():
    random = np.random.default_rng(0)
    calibrating, own, other = (random.normal(shift, size=5000) for shift in (0, 0, 3))
    found = foreign_facts("these", calibrating, {"a": own}, {"b": other})
    assert found["calibrated"] == {"on": "these", "images": 5000}
    for key, share in (("threshold", 0.01), ("usual", 0.1)):
        above = sum(score > found[key] for score in calibrating.tolist()) / 5000
        assert abs(above - share) < 0.001
        name = {"threshold": "foreign", "usual": "unusual"}[key]
        for kind, scores in ((found["own"]["a"], own), (found["others"]["b"], other)):
            above = sum(score > found[key] for score in scores.tolist()) / 5000
            assert kind[name] == pytest.approx(above, abs=1e-4)


def test_thresholds_that_tell_nothing_are_left_out():
    random = np.random.default_rng(0)
    calibrating, own, other = random.normal(size=(3, 5000))
    found = foreign_facts("these", calibrating, {"a": own}, {"b": other})
    assert (found["threshold"], found["usual"]) == (None, None)


def test_how_often_a_set_is_told_is_that_of_many_draws():
    draws = np.random.default_rng(0).binomial(SET, 0.3, 20000)
    telling = [is_clearly_more(count, SET, 0.11) for count in range(SET + 1)]
    share = np.mean(np.array(telling)[draws])
    foreign = {"own": {"a": {"unusual": 0.11}}}
    assert told(0.3, foreign) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"threshold": None}, "one threshold of foreign images is missing"),
        ({"threshold": None, "usual": None}, "do not tell, or are missing"),
        ({"usual": 99.0}, "thresholds of foreign images are"),
        ({"calibrated": {"on": "few", "images": 20}}, "too few images"),
        ({"others": PRESET.foreign["own"]}, "its own and foreign"),
        ({"own": PRESET.foreign["others"]}, "of cifar10-full are missing"),
        (
            {"own": {"cifar10-full": PRESET.foreign["own"]["cifar10-full"] | {"foreign": 0.05}}},
            "5.0% of its own images look foreign",
        ),
        (
            {"own": {"cifar10-full": PRESET.foreign["own"]["cifar10-full"] | {"told": 1.5}}},
            "a share of 1.5 of cifar10-full is told",
        ),
    ],
)
def test_facts_that_cannot_be_true_are_found(change, problem):
    wrong = dataclasses.replace(PRESET, foreign=PRESET.foreign | change)
    assert any(problem in each for each in problems(wrong, get_trunk(PRESET.trunk)))
    assert problems(PRESET, get_trunk(PRESET.trunk)) == []
