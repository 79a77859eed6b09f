"""Writes the tables of docs/RESULTS.md, CLUSTER.md, EXPORT.md, FINE_TUNING.md, FITTING.md,
METRICS.md, SEARCH.md and STORES.md, from the registries and bench/results, in the checkout's root:

python -m tools.publish.write_tables
"""

import json
import re
from pathlib import Path

from classwise.zoo.cards.markdown import table
from classwise.zoo.cards.zoo_page import summary
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.presets.registry import presets
from classwise.zoo.retrieval.metrics import METRICS
from tools.publish.fitting_tables import fitting_tables
from tools.publish.format_table import format_table
from tools.publish.search_costs import cluster_table, search_tables
from tools.publish.store_tables import store_tables

START = "<!-- results: python -m tools.publish.write_tables -->"
END = "<!-- end of results -->"
FORMATS_PAGE = "docs/EXPORT.md"
FORMATS_START = "<!-- formats: python -m tools.publish.write_tables -->"
FORMATS_END = "<!-- end of formats -->"
NOTE = """\
mAP is the expectation over all orders inside ties, over the whole database. Every model was
selected on its protocol's validation images, never on queries. Published figures
come without a tie band. Tie bands, Recall@1 and sizes are in [the zoo](ZOO.md), everything
else on the card that a figure leads to; `make verify-zoo` measures the presets again."""


GPU_RUNS = ("cpu", "cuda", "cuda, TF32")


def results(root: Path) -> str:
    """Returns everything that stands between the markers of docs/RESULTS.md."""
    return "\n\n".join(
        part
        for part in (
            summary(list(presets().values()), "models"),
            NOTE,
            bench_table(root / "bench" / "results"),
        )
        if part
    )


def bench_table(folder: Path) -> str:
    """Returns what `make bench` measured beside its targets, as a Markdown table."""
    readers = (training_rows, minutes_rows, retrieval_rows, export_rows, loading_rows)
    rows = [row for read in readers for row in read(folder)]
    if not rows:
        return ""
    return table(
        ["measured by `make bench`", "value", "target", "reached"],
        (
            (
                name,
                f"{value:.3g}",
                f"{sign} {target:g}",
                "yes" if meets(value, sign, target) else "no",
            )
            for name, value, sign, target in rows
        ),
    )


def meets(value: float, sign: str, target: float) -> bool:
    return value <= target if sign == "<=" else value >= target


def read_results(folder: Path, name: str) -> dict:
    """Returns a file that a bench wrote, or nothing where it has not run."""
    file = folder / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def training_rows(folder: Path):
    found = read_results(folder, "training")
    for method, ratio in found.get("ratio_to_softmax", {}).items():
        yield f"epoch of {method} beside softmax", ratio, "<=", found["target"]


def minutes_rows(folder: Path):
    found = read_results(folder, "recipe_minutes")
    for name, target in found.get("target_minutes", {}).items():
        if name in found["recipes"]:
            label = f"`{name}`: minutes of all steps on {found['backend']}, from {found['steps']}"
            yield label, found["recipes"][name]["minutes"], "<=", target


def retrieval_rows(folder: Path):
    found = read_results(folder, "retrieval")
    for name, figure in found.get("figures", {}).items():
        for unit, target in figure.get("target", {}).items():
            yield f"metrics, {name}: {unit}", figure[unit], "<=", target
    speedup = found.get("speedup_over_the_usual_way", {})
    for kind in sorted(speedup.keys() - {"target"}):
        name = f"metrics, {kind} codes: times faster than sorting"
        yield name, speedup[kind], ">=", speedup["target"]


def export_rows(folder: Path):
    for name, figure in read_results(folder, "export").get("targets", {}).items():
        sign, target = figure["target"].split()
        yield f"export, {name}", figure["value"], sign, float(target)


def loading_rows(folder: Path):
    found = read_results(folder, "loading")
    names = {"bundled": "seconds", "cache_extra": "seconds more from the cache"}
    for kind, label in names.items():
        values = [measured[kind] for measured in found.get("presets", {}).values()]
        if values:
            yield f"`zoo.load`, slowest preset: {label}", max(values), "<=", found["targets"][kind]


def gpu_table(root: Path) -> str:
    """Returns what bench/gpu/cuda.py measured, as Markdown."""
    found = read_results(root / "bench" / "results", "cuda")
    machine = found["machine"]
    rows = [(*stem.rsplit(".", 1), figures) for stem, figures in found["files"].items()]
    bits = {figures["differences"]["cuda"]["bits"] for *_, figures in rows}
    return table(
        [
            "preset",
            "precision",
            "bits that differ: CPU",
            "GPU",
            "GPU, TF32",
            f"images/s: {machine['cores']} CPU cores",
            "GPU",
            "GPU, TF32",
        ],
        (
            (
                f"`{name}`",
                precision,
                *(f"{f['differences'][on]['flipped_bits']:,}" for on in GPU_RUNS),
                *(f"{f['images_per_second']['256'][on]:,.0f}" for on in GPU_RUNS),
            )
            for name, precision, f in rows
        ),
    ) + (
        f"\n\n{machine['gpu']}, ONNX Runtime {found['onnxruntime']}; bits of "
        f"{' or '.join(f'{n:,}' for n in sorted(bits))} that differ from the fp32 file on the CPU; "
        "images/s in batches of 256, copied to the GPU and back."
    )


def metrics_table(root: Path) -> str:
    """Returns every metric of a ranking: its name in results, its title, and what it is."""
    ranked = {
        "codes": "codes, by Hamming distance",
        "embeddings": "embeddings, by cosine similarity",
        "clusters": "embeddings, by k-means",
        "rankings": "codes and embeddings, every item against all the others",
    }
    return table(
        ["name in results", "title", "of", "better", "what it is"],
        (
            (
                f"`{metric.name}`",
                metric.title,
                ranked[metric.kind],
                "higher" if metric.higher_is_better else "lower",
                what_it_is(metric.function.__doc__),
            )
            for kind in ranked
            for metric in METRICS
            if metric.kind == kind
        ),
    )


def what_it_is(docstring: str) -> str:
    """Returns the first line of a metric's docstring without verb, shape and full stop.

    Example:

    >>> what_it_is("Computes the share of hits, `[3, Q]`.")
    'the share of hits'
    """
    return re.sub(r"(^Computes )|(, `\[.*\]`)|(\.$)", "", docstring.splitlines()[0])


def fine_tuning_table(root: Path) -> str:
    """Returns what bench/studies/fine_tuning.py measured, as Markdown."""
    found = read_results(root / "bench" / "results", "fine_tuning")
    if not found:
        return ""
    ways = {
        "a softmax classifier of the same schedule, its bottleneck": ("softmax",),
        "the hash layer alone, class centers fixed": ("fixed_centers",),
        "the hash layer alone, class centers re-estimated": ("tutorial", "frozen"),
        "**the Python above**": ("tutorial",),
        "**`classwise train --images`**": ("recipe",),
    }
    bits = found["bits"]
    rows = []
    for way, keys in ways.items():
        row = [way]
        for measured in bits.values():
            for key in keys:
                measured = measured.get(key, {})
            row += [f"{measured[k]:.3f}" if k in measured else "" for k in ("map", "map_itq")]
        rows.append(row)
    heads = [head for length in bits for head in (f"mAP, {length} bits", "after ITQ")]
    ways = [way for measured in bits.values() for way in measured.values()]
    minutes = [way["minutes"] for way in ways if "minutes" in way]
    return table(["trained", *heads], rows) + (
        f"\n\n{found['photos']} at {found['image_size']} px: {found['asking']} photos ask and "
        f"{found['answering']} answer, which also learn; one training each, {min(minutes):g} to "
        f"{max(minutes):g} minutes on {found['machine']['cores']} cores that other work shared. "
        "`python bench/studies/fine_tuning.py FOLDER` measures it on yours."
    )


# What fills the part of a page between the markers.
PAGES = {
    "docs/RESULTS.md": results,
    "docs/EXPORT.md": gpu_table,
    "docs/FINE_TUNING.md": fine_tuning_table,
    "docs/FITTING.md": fitting_tables,
    "docs/METRICS.md": metrics_table,
    "docs/SEARCH.md": search_tables,
    "docs/STORES.md": store_tables,
    "docs/CLUSTER.md": cluster_table,
}


def write(root: Path) -> None:
    """Fills the parts of the pages between the markers."""
    for page, fill in PAGES.items():
        put(root / page, START, fill(root), END)
    put(root / FORMATS_PAGE, FORMATS_START, format_table(), FORMATS_END)


def put(file: Path, start: str, text: str, end: str) -> None:
    """Replaces what stands between two markers of a page."""
    before, _, rest = file.read_text(encoding="utf-8").partition(start)
    _, _, after = rest.partition(end)
    with replacing_file(file) as temporary:
        temporary.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    write(Path.cwd())
