"""The sections of docs/RIVALS.md that are tables."""

import statistics

from bench.studies.rivals.contestants import CONTESTANTS, LABELS, OURS
from bench.studies.rivals.findings import cells, places, whole
from classwise.zoo.cards.markdown import table

TERMS = """\
## The terms

The trunk is `{trunk}`, as ImageNet left it, and stays: only a head is trained. Its
features, without augmentation, are given as their first {components} principal components, taken
from the images that are learned from, without their labels. The head is a linear hash layer, with a
hidden layer of rectified units below it where the table says so. All losses start from the same
weights of a seed and see the same images in the same order, for the same steps of AdamW with a
cosine schedule and weight decay {weight_decay}. DCWH has a vertex weight of {vertex_weight} in the
second half. Nothing here is comparable with a figure of a paper, whose trunk was trained.

Every loss had {trials} trials on each ground: {values} values of its own setting by {rates}
learning rates ({rates_told}), one seed, at {chosen_at} bits. The highest mAP on validation images,
which ask the training images, was taken for all code lengths; where unseen classes are judged on,
the trials learned two thirds of the learned classes, and the other third asked and answered. Then
training and validation images were learned from, with {seeds} seeds. A first set of values had its
best ones at its edge on validation images of the first ground, and was moved once, for all
losses."""

RANKED = """\
## Over all

Mean place among {methods} ({cells} cells: a ground and a code length each), how often first, and
how far below the first on average."""

FEW = """\
## Few samples

So many images of each of the 10 classes of CIFAR-10 are learned from, drawn by the seed; {length}
bits, with the queries, the database, the settings and the steps that 500 a class have. mAP, mean
and range over {seeds} seeds."""

COST = """\
## What a step costs

Milliseconds of a step of the head at {length} bits, the least of some rounds on a machine that
others used, too: the trunk is not in it."""

CHOSEN = """\
## What was chosen

The setting and learning rate with the highest mAP on validation images, by ground."""


def name_of(method: str) -> str:
    return f"**{LABELS[method]}**" if method in OURS else LABELS[method]


def spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def terms(found: dict) -> str:
    given = found["settings"]
    values = {len(settings) for settings in given["settings"].values()}
    (count,) = values  # as many for every loss
    rates = given["learning_rates"]
    text = TERMS.format(
        **given,
        vertex_weight=given["stage_two"]["vertex_weight"],
        trials=count * len(rates),
        values=count,
        rates=len(rates),
        rates_told=" and ".join(map(str, rates)),
    )
    rows = [
        [
            facts["title"],
            f"`{name}`: {facts['words']}",
            f"{facts['side']} x {facts['side']}",
            f"{found['variance'][name]:.0%}" if name in found["variance"] else "-",
            facts["hidden_units"] or "-",
            f"{facts['epochs']} rounds of {facts['steps']} steps of {facts['batch_size']}",
        ]
        for name, facts in given["grounds"].items()
    ]
    head = ["ground", "images", ">pixels", ">variance kept", ">hidden units", "learning"]
    return text + "\n\n" + table(head, rows)


def overall(found: dict) -> str:
    ranked = places(found)
    count = sum(len(whole(found, ground)) for ground in found["settings"]["grounds"])
    rows = [
        [name_of(method), f"{place:.1f}", first, f"{short:.3f}"]
        for method, place, first, short in ranked
    ]
    head = ["loss", ">mean place", ">first", ">mAP below the first"]
    return RANKED.format(methods=len(ranked), cells=count) + "\n\n" + table(head, rows)


def ground_tables(found: dict, ground: str, facts: dict) -> str:
    lengths = found["settings"]["code_lengths"]
    by_length = [{c.method: c for c in cells(found, ground, length)} for length in lengths]
    order = list(by_length[lengths.index(found["settings"]["chosen_at"])])
    if not order:
        return ""
    means = [
        [name_of(m), *(spread(of[m].values) if m in of else "-" for of in by_length)] for m in order
    ]
    ties = [
        [
            name_of(m),
            *(
                f"{of[m].band[0]:.3f} to {of[m].band[1]:.3f}" if m in of else "-"
                for of in by_length
            ),
            *(f"{of[m].equal:.0%}" if m in of else "-" for of in by_length),
        ]
        for m in order
    ]
    bits = [f">{length} bits" for length in lengths]
    return "\n\n".join(
        [
            f"### {facts['title']}",
            "mAP expected over ties, mean and range over seeds:",
            table(["loss", *bits], means),
            "Tie band of that mAP, and the share of images in the database whose code another "
            "image has, too:",
            table(["loss", *bits, *(f">equal, {length} bits" for length in lengths)], ties),
        ]
    )


def few(found: dict) -> str:
    given = found["settings"]
    length, ground = given["chosen_at"], given["few_ground"]
    counts = [*given["few"], None]
    by_count = [{c.method: c for c in cells(found, ground, length, n)} for n in counts]
    if not by_count[0]:
        return ""
    rows = [
        [name_of(m), *(spread(of[m].values) if m in of else "-" for of in by_count)]
        for m in by_count[0]
    ]
    head = ["loss", *(f">{n or 500} a class" for n in counts)]
    told = [
        f"{n or 500} a class: {name_of(next(iter(of)))}"
        for n, of in zip(counts, by_count, strict=True)
        if of
    ]
    parts = [FEW.format(length=length, **given), f"First with {'; '.join(told)}."]
    return "\n\n".join([*parts, table(head, rows)])


def cost(found: dict) -> str:
    measured = {entry["ground"]: entry["milliseconds"] for entry in found["seconds"]}
    grounds = [name for name in found["settings"]["grounds"] if name in measured]
    rows = [
        [name_of(one.name), *(f"{measured[name][one.name]:.2f}" for name in grounds)]
        for one in CONTESTANTS
    ]
    titles = [f">{found['settings']['grounds'][name]['title']}" for name in grounds]
    text = COST.format(length=found["settings"]["chosen_at"])
    return text + "\n\n" + table(["loss", *titles], rows)


def choices(found: dict) -> str:
    grounds = [g for g in found["settings"]["grounds"] if cells(found, g, 32)]
    rows = []
    for one in CONTESTANTS:
        for method in one.methods:
            row = [name_of(method)]
            for ground in grounds:
                trials = [
                    t for t in found["trials"] if (t["ground"], t["loss"]) == (ground, one.name)
                ]
                if not trials:
                    row.append("-")
                    continue
                best = max(trials, key=lambda trial: trial["map"][method])
                ((setting, value),) = best["setting"].items()
                told = f"{setting} {value:g}, rate {best['rate']:g}"
                row.append(f"{told}: {best['map'][method]:.3f}".replace("_", " "))
            rows.append(row)
    titles = [found["settings"]["grounds"][name]["title"] for name in grounds]
    return CHOSEN + "\n\n" + table(["loss", *titles], rows)
