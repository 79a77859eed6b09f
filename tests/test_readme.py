"""README.md and the other pages: code runs, numbers come from files, links lead somewhere."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from classwise.zoo.commands import build_parser
from classwise.zoo.training.recipe import build_recipe
from tools.publish.write_tables import END, PAGES, START

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run_blocks(page):
    """Runs all Python of a page, as one program; returns its names.

    What several processes run is a program of its own, which `test_several_processes` starts.
    """
    names = {}
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        if 'os.environ["PROCESS"]' not in block:
            exec(compile(block, page, "exec"), names)
    return names


def test_the_journeys_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_blocks("README.md")
    assert names["found"].shape == (5, 10)
    assert names["code"].shape == (8, 3)
    assert names["hasher"].class_centers.get_centers().shape == (10, 24)
    assert (tmp_path / "clothes.keras").exists()


def test_the_page_on_search_is_true(tmp_path, monkeypatch):
    """Its code runs; its commands are those that exist."""
    monkeypatch.chdir(tmp_path)
    names = run_blocks("docs/SEARCH.md")
    assert names["hits"][0].name == "hat/2a12baab.jpg"
    assert (tmp_path / "clothes.index").is_dir()
    page = (ROOT / "docs/SEARCH.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    classwise (.+)", page, re.MULTILINE)
    assert len(commands) == 9
    for command in commands:
        build_parser().parse_args(command.split())


def test_the_page_on_stores_is_true(tmp_path, monkeypatch):
    """Its Python runs, its commands exist; its SQL runs in test_pgvector_store.py."""
    monkeypatch.chdir(tmp_path)
    assert run_blocks("docs/STORES.md")["report"].images == 200
    page = (ROOT / "docs/STORES.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    classwise (.+)", page, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        build_parser().parse_args(command.split())


def test_the_page_on_training_is_true():
    """Its code runs; its commands and pieces of recipes are those that exist."""
    hasher = run_blocks("docs/TRAINING.md")["hasher"]
    images = np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3)).astype("uint8")
    assert np.isfinite(hasher.test_on_batch(images, np.arange(4))).all()

    page = (ROOT / "docs/TRAINING.md").read_text(encoding="utf-8")
    commands = re.findall(r"classwise (train [^`\n…]+)", page)
    assert len(commands) == 8
    for command in commands:
        build_parser().parse_args(command.split())
    stages = "[[stages]]\nepochs = 6\n"
    needed = {
        "method": "dcwh",
        "protocol": "cifar10-full",
        "backbone": "resnet9",
        "code_length": 16,
    }
    pieces = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    assert len(pieces) == 9
    for piece in pieces:
        values = needed | tomllib.loads(piece if "[[stages]]" in piece else f"{piece}\n{stages}")
        if isinstance(values["code_length"], list):
            values["code_length"] = values["code_length"][0]
        build_recipe({"name": "mine", **values}, "docs/TRAINING.md")


@pytest.mark.large
def test_the_tutorial_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_blocks("docs/FINE_TUNING.md")
    hasher, validation = names["hasher"], names["validation"]
    assert hasher.class_names == names["images"].class_names
    assert (hasher.num_classes, hasher.code_length, hasher.batch_norm) == (10, 48, "inference")
    assert names["history"].history["val_map"][-1] > 0.5
    assert names["found"].shape == (len(validation), 5)
    assert (tmp_path / "shoes.onnx").exists()


@pytest.mark.parametrize("page", PAGES)
def test_the_results_come_from_files(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text.partition(START)[2].partition(END)[0].strip() == PAGES[page](ROOT)


@pytest.mark.parametrize(
    "page", [p.relative_to(ROOT).as_posix() for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))]
)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)\)", text) + re.findall(r'<img src="([^"]+)"', text)
    for target in targets:
        if not target.startswith("http"):
            assert ((ROOT / page).parent / target).exists(), target


def test_every_page_is_one_that_the_front_page_leads_to():
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        name = page.relative_to(ROOT).as_posix()
        assert name == "README.md" or f"({name})" in README, name


@pytest.mark.parametrize("page", ["ARCHITECTURE.md"])
def test_the_folders_named_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:classwise|tools|tests|bench|docs)/[\w./]*)`", text)
    assert len(named) > 10
    for path in named:
        assert (ROOT / path).exists(), path
