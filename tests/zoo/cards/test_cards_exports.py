"""What a card quotes of the benches: its own weights' figures, no others'."""

import dataclasses
import json

import pytest

from classwise.zoo.cards.card_exports import read_exports
from classwise.zoo.cards.preset_card import preset_card
from classwise.zoo.presets.registry import get_trunk, presets

PRESET = presets()["dcwh_resnet9_fashion_mnist_48"]
MAP = PRESET.metrics["map"]["expected"]
MACHINE = {"cores": 2, "processor": "x86_64"}


def report(precision, **changes):
    return {
        "precision": precision,
        "bytes_fp32": 4_000_000,
        "bytes": 2_000_000,
        "share_of_bits": 0.00012,
        "images_per_second_fp32": 2000.0,
        "images_per_second": 1500.0,
        "map_fp32": MAP,
        "map": MAP - 0.001,
        "map_loss": 0.001,
        **changes,
    }


def section(exports):
    """What a card says of exports."""
    text = preset_card(PRESET, get_trunk(PRESET.name), exports=exports)
    return text.partition("## Exports\n")[2].partition("## Limits\n")[0]


@pytest.fixture
def bench(tmp_path):
    """Writes the results of both benches into a folder."""

    def write(model=PRESET.name, map_fp32=MAP, sha256=PRESET.sha256):
        figures = {
            "precision": {
                "fp16": report("fp16", map_fp32=map_fp32),
                "int8": report("int8", bytes=1_000_000, images_per_second=3000.0),
            },
            "images per second": {"batch 1": {"onnx": 1234.5}, "batch 256": {"onnx": 2345.6}},
        }
        (tmp_path / "export.json").write_text(
            json.dumps(
                {"model": model, "machine": MACHINE, "versions": {"onnx": "1"}, "figures": figures}
            )
        )
        small = {
            "sha256": sha256,
            "machine": MACHINE,
            "versions": {"onnxruntime": "1.2"},
            "precision": {"fp16": report("fp16", map=None, map_fp32=None, map_loss=None)},
        }
        (tmp_path / "preset_exports.json").write_text(json.dumps({PRESET.name: small}))
        return tmp_path

    return write


def test_the_large_bench_comes_first(bench):
    text = section(read_exports(bench(), PRESET))
    assert "| ONNX, float32 | 4.00 MB | 0% | 1 | " + "0 |" in text
    assert "| ONNX, float16 | 2.00 MB | 0.012% | 0.75 | " + "0.0010 |" in text
    assert "| ONNX, int8 | 1.00 MB | 0.012% | 1.50 |" in text
    assert "| ONNX Runtime | 1,234 | 2,346 |" in text
    assert "2,000 images/s" in text
    assert "Measured on 2 cores (x86_64) with onnx 1." in text


@pytest.mark.parametrize("other", [{"model": "another"}, {"map_fp32": MAP + 1e-3}])
def test_the_large_bench_of_other_weights_is_not_quoted(bench, other):
    text = section(read_exports(bench(**other), PRESET))
    assert "with onnxruntime 1.2." in text
    assert "int8" not in text
    assert "| not measured |" in text


def test_a_loss_on_a_part_says_so(bench):
    folder = bench(model="another")
    assert "queries in a database" not in section(read_exports(folder, PRESET))
    file = folder / "preset_exports.json"
    found = json.loads(file.read_text())
    int8 = report("int8", queries=1000, database=10_000)
    found[PRESET.name]["precision"]["int8"] = int8
    file.write_text(json.dumps(found))
    text = section(read_exports(folder, PRESET))
    assert "mAP lost in int8 is that of 1,000 queries in a database of 10,000 images." in text


def test_of_other_weights_nothing_is_quoted(bench):
    folder = bench(model="another", sha256="0" * 64)
    assert read_exports(folder, PRESET) == {}
    other = dataclasses.replace(PRESET, name="unmeasured")
    assert read_exports(folder, other) == {}


def test_figures_of_another_hasher_on_the_trunk_are_said_to_be_its(bench):
    folder = bench(model="another")
    link = f"[`{PRESET.name}`]({PRESET.name}.md)"
    assert link not in section(read_exports(folder, PRESET))
    sibling = dataclasses.replace(PRESET, name="shorter", sha256="1" * 64)
    assert link in section(read_exports(folder, sibling))
    for change in ({"trunk": "of another network"}, {"method": "vmf"}):
        assert read_exports(folder, dataclasses.replace(sibling, **change)) == {}


def test_without_a_bench_the_card_says_how_to_export(tmp_path):
    assert read_exports(tmp_path, PRESET) == {}
    text = preset_card(PRESET, get_trunk(PRESET.name), exports={})
    assert f"`classwise export {PRESET.name}`" in text
    assert "images/s" not in text
