"""docs/models and docs/ZOO.md are what the registry says, and nothing else."""

import re
from pathlib import Path

import numpy as np
import pytest

from classwise.zoo.cards.cards import card, zoo
from classwise.zoo.presets.registry import presets, trunks
from tools.publish.card_pictures import PICTURES, shown_weights
from tools.publish.write_cards import BENCH, CARDS, PAGE

ROOT = Path(__file__).resolve().parents[3]
NAMES = [*presets(), *trunks()]
# Of the photos that judge the others, none may be shown.
WITH_PICTURES = [name for name, preset in presets().items() if not preset.for_any_photos]
AGAIN = "run python -m tools.publish.write_cards"
# Bytes: of 28 small pictures of data sets, and of as many photographs, which hold far more detail.
LARGEST_PICTURE, LARGEST_OF_PHOTOGRAPHS = 60_000, 220_000


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_what_the_registry_says(name):
    assert read(CARDS / f"{name}.md") == card(name, ROOT / BENCH), AGAIN


def test_there_are_cards_of_nothing_else():
    found = list((ROOT / CARDS).iterdir())
    assert {path.stem for path in found if path.suffix == ".md"} == set(NAMES)
    assert {path.name for path in found if path.is_dir()} == set(WITH_PICTURES)


def test_the_page_of_the_zoo_is_what_the_registry_says():
    assert read(PAGE) == zoo(), AGAIN


@pytest.mark.parametrize("name", WITH_PICTURES)
def test_a_cards_pictures_are_small_and_show_these_weights(name):
    for picture in PICTURES:
        path = ROOT / CARDS / name / picture
        assert shown_weights(path) == presets()[name].sha256, AGAIN + " --pictures"
        photographs = presets()[name].dataset == "clothing"
        largest = LARGEST_OF_PHOTOGRAPHS if photographs else LARGEST_PICTURE
        assert path.stat().st_size < largest


@pytest.mark.parametrize("page", [PAGE, *(CARDS / f"{name}.md" for name in NAMES)], ids=str)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)\)", text)
    assert targets
    for target in targets:
        assert target.startswith("https://") or ((ROOT / page).parent / target).exists(), target


def run_snippet(name, **names):
    (code,) = re.findall(r"```python\n(.*?)```", card(name), flags=re.DOTALL)
    exec(compile(code, name, "exec"), names)
    return names


def test_the_snippet_of_a_preset_runs():
    preset = next(preset for preset in presets().values() if preset.method == "dcwh")
    images = np.random.default_rng(0).integers(0, 256, (12, *preset.image_shape), np.uint8)
    names = run_snippet(preset.name, images=images)
    assert names["codes"].shape == (12, -(-preset.code_length // 8))
    assert names["found"].shape == (5, 10)


def test_the_snippet_of_a_trunk_runs():
    name = presets()[next(iter(presets()))].trunk
    names = run_snippet(name)
    assert (names["hasher"].num_classes, names["hasher"].code_length) == (10, 32)
    assert names["backbone"].input_shape[1:] == trunks()[name].image_shape
