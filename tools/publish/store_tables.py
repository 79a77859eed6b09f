"""The tables of docs/STORES.md, from the declared stores and bench/results/stores.json, and the one
in docs/SEARCH.md that says which engine to take."""

from __future__ import annotations

import math
from pathlib import Path

from classwise.zoo.cards.markdown import table
from classwise.zoo.search.stores.registry import find_store, store_names
from tools.publish.amounts import amount, duration, read

SIZES = (10**4, 10**6, 10**8, 10**10)
# Of a machine of 16 GB, beside everything else that it does.
MEMORY = 8e9
# Two cores search so much of a store at once.
WAIT_SECONDS = 1.0
ENCODE_SECONDS = 7 * 86_400


def store_tables(root: Path) -> str:
    """Returns everything that stands between the markers of docs/STORES.md."""
    found = read(root / "bench" / "results" / "stores.json")
    rows = []
    for name in store_names():
        store = find_store(name)
        needs = f"`classwise[{store.extra}]`" if store.extra else "nothing else"
        rows.append((store.title, f"`{name}:{store.address}`", needs, store.keeps, store.right))
    heads = ["store", "`--to`", "needs", "how it keeps a code", "what is right for such codes"]
    parts = [table(heads, rows)]
    if found:
        parts += [measured(found), graphs(found)]
    return "\n\n".join(parts)


def measured(found: dict) -> str:
    """Returns what each store took."""
    keys = ("seconds to write", "seconds to prove", "seconds to read")
    rows = [
        (
            find_store(name).title,
            *(duration(figures[key]) for key in keys),
            f"{figures['bytes an image']:.3g}",
            duration(figures["single query, ms"] / 1000),
            duration(figures["single query of distinct codes, ms"] / 1000),
        )
        for name, figures in found["figures"].items()
    ]
    heads = [
        "store",
        "write",
        "prove",
        "read back",
        "bytes an image, name too",
        "a query of all",
        "of distinct codes",
    ]
    return (
        f"{found['images']:,} codes of {found['bits']} bits with {found['distinct']:,} distinct "
        f"values, on {found['machine']['cores']} cores that other work shared; queries, for the "
        "nearest 20, come one after the other (`python bench/stores.py`):\n\n" + table(heads, rows)
    )


def graphs(found: dict) -> str:
    """Returns what a graph finds of codes that collapse, and of others."""
    photos, distinct = found["graph"], found["graph of distinct codes"]
    return (
        f"A graph of faiss (`IndexBinaryHNSW`) over {photos['codes']:,} such codes finds "
        f"{photos['recall@20']:.0%} of the nearest 20 photos; over their {distinct['codes']:,} "
        f"distinct values, {distinct['recall@20']:.0%} of the nearest 20 codes."
    )


def engine_table(search: dict, indexing: dict, stores: dict) -> str:
    """Returns which engine to take for so many photos, and what it costs, reckoned in proportion.

    Args:
        search, indexing, stores: what the benches of these names wrote.
    """
    memory = search["figures"]["index of 10 M"]["gigabytes"] / 1e7 * 1e9
    own = {
        "bytes an image": memory,
        "single query, ms": search["figures"]["single query, ms"]["ours"],
        "distinct": search["figures"]["collapsed codes"]["seconds"]["ours"] / 64,
    }
    speed = indexing["figures"]["index"]["images/s"]["index"]
    rows = []
    for size in SIZES:
        fits = size * memory <= MEMORY
        lance, database = (stores["figures"][name] for name in ("lance", "pgvector"))
        engine = own if fits else lance
        scan = size / 1e6 * engine["single query, ms"] / 1000
        distinct = own["distinct"] if fits else lance["single query of distinct codes, ms"] / 1000
        rows.append(
            (
                f"10^{len(str(size)) - 1}",
                "`classwise index`" if fits else "Lance",
                f"{amount(size * engine['bytes an image'])} of {'memory' if fits else 'disk'}",
                amount(size * database["bytes an image"]),
                duration(scan),
                f"{math.ceil(scan / WAIT_SECONDS):,}",
                duration(distinct),
                duration(size / speed),
                f"{math.ceil(size / speed / ENCODE_SECONDS):,}",
            )
        )
    heads = [
        "photos",
        "take",
        "which takes",
        "in pgvector, disk",
        "a query, all codes scanned",
        "machines to scan in 1 s",
        f"a query, {stores['distinct']:,} distinct codes",
        "to encode, one machine",
        "machines to encode in a week",
    ]
    return (
        "Which engine to take: the index of classwise as long as it fits into half the memory of "
        f"a machine with {amount(2 * MEMORY)}, then [a store](STORES.md) on disk; pgvector at any "
        "size, where photos are in PostgreSQL already. Where one machine encodes too long, "
        "[Ray](CLUSTER.md) divides the photos among several, and writes Lance itself. Reckoned in "
        f"proportion, of machines with {indexing['machine']['cores']} cores:\n\n"
        + table(heads, rows)
        + "\n\nMore photos have more distinct codes: count yours, and reckon with as many. From "
        "10^8 on, search [a table of distinct codes](STORES.md#codes-that-collapse), or on several "
        "machines at once."
    )
