"""README.md: its code runs, its numbers come from files, its links lead somewhere."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.presets.write_tables import END, START, results

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_journeys_run(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for name in ("boots", "sandals", "trainers"):
        (tmp_path / "shoes" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 256, (40, 40)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "shoes" / name / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        exec(compile(block, "README.md", "exec"), names)
    assert names["found"].shape == (5, 10)
    assert names["code"].shape == (8, 3)
    assert names["hasher"].class_centers.get_centers().shape == (3, 24)
    assert (tmp_path / "shoes.keras").exists()


def test_the_results_come_from_the_registry():
    written = README.partition(START)[2].partition(END)[0].strip()
    assert written == results(ROOT)


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)\)", text):
        if not target.startswith("http"):
            assert ((ROOT / page).parent / target).exists(), target
