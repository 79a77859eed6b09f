"""The tables of docs/SEARCH.md: what was measured, and what it means for more photos."""

from __future__ import annotations

from pathlib import Path

from classwise.zoo.cards.markdown import table
from tools.publish.amounts import amount, duration, read
from tools.publish.store_tables import engine_table

BENCHES = ("search", "reranking", "indexing", "duplicates", "stores")
SIZES = (10**4, 10**6, 10**8, 10**10)
MADE_WITH = 64  # bits of the codes, and bytes of the vectors, that bench/search.py takes


def search_tables(root: Path) -> str:
    """Returns everything that stands between the markers of docs/SEARCH.md."""
    found = {name: read(root / "bench" / "results" / f"{name}.json") for name in BENCHES}
    parts = [targets_table(*found.values())]
    if not parts[0]:
        return ""
    if found["search"]:
        parts.append(quietest(found["search"]))
    if found["search"] and found["indexing"]:
        parts.append(costs(found["search"], found["indexing"]))
        if found["stores"]:
            parts.append(engine_table(found["search"], found["indexing"], found["stores"]))
    return "\n\n".join(parts)


def targets_table(*documents: dict) -> str:
    """Returns the targets of what benches measured, as Markdown; nothing where none has run."""
    rows = [
        (name, f"{figure['value']:.3g}", figure["target"], "yes" if figure["reached"] else "no")
        for document in documents
        for name, figure in document.get("targets", {}).items()
    ]
    if not rows:
        return ""
    return table(["measured by `make bench`", "value", "target", "reached"], rows)


def quietest(search: dict) -> str:
    """Returns what a single query took, and in the turn in which least else ran."""
    single, load = search["figures"]["single query, ms"], search["machine"]["load"]
    return (
        f"Other work shared the machine (a load of {load:.1f} when the search began). A single "
        f"query reads all codes once, on one core: {single['ours']:.3g} ms in the median turn, "
        f"where faiss took {single['faiss']:.3g}, and {single['ours, the least']:.3g} in the "
        f"quietest one (faiss {single['faiss, the least']:.3g})."
    )


def cluster_table(root: Path) -> str:
    """Returns what bench/ray_engine.py measured, as Markdown."""
    found = read(root / "bench" / "results" / "ray_engine.json")
    if not found:
        return ""
    speed = found["figures"]["speed"]["images/s"]
    machine = found["machine"]
    return targets_table(found) + (
        f"\n\n{machine['cores']} cores, which other work shared (a load of {machine['load']:.1f} "
        f"when it began): {speed['Ray']:.0f} images/s by Ray, its start included, and "
        f"{speed['local']:.0f} by the local engine, before and after it. Where other work runs, "
        "the more processes get the larger share, so that the ratio flatters Ray."
    )


def costs(search: dict, indexing: dict) -> str:
    """Returns what 64-bit codes of so many photos cost, reckoned from what was measured."""
    figures = search["figures"]
    speed = indexing["figures"]["index"]["images/s"]["index"]
    single = figures["single query, ms"]["ours"] / 1e6  # a photo, all codes distinct
    collapsed = figures["collapsed codes"]
    batch = collapsed["seconds"]["ours"] / 64
    memory = figures["index of 10 M"]["gigabytes"] / 1e7
    rows = [
        (
            f"10^{len(str(size)) - 1}",
            duration(size / speed),
            amount(size * (MADE_WITH // 8)),
            amount(size * MADE_WITH),
            amount(size * memory * 1e9),
            duration(size * single / 1e3),
        )
        for size in SIZES
    ]
    heads = [
        "photos",
        "to encode, one machine",
        "codes",
        "int8 embeddings",
        "memory to search",
        "a query, all codes distinct",
    ]
    return (
        "Reckoned in proportion from the same figures, on the machine that measured them "
        f"({indexing['machine']['cores']} cores):\n\n"
        + table(heads, rows)
        + f"\n\nWhere a million codes have {collapsed['distinct']:,} values, as a class-wise "
        f"hasher's do, a query takes {duration(batch)}, however many photos share them."
    )
