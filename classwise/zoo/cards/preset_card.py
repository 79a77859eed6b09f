"""The card of a preset: everything about it on one page, made from the registry alone."""

from classwise.zoo.cards.card_exports import export_tables
from classwise.zoo.cards.card_metadata import preset_metadata
from classwise.zoo.cards.card_page import bibtex, card_page, colour, file_table, json_block, python
from classwise.zoo.cards.card_results import results
from classwise.zoo.cards.card_training import (
    command,
    how_trained,
    other_seeds,
    recipe_table,
    training_facts,
    versions,
)
from classwise.zoo.cards.markdown import escaped, table
from classwise.zoo.cards.publications import BACKBONES
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.datasets.image_preparation import image_preparation
from classwise.zoo.foundation.printing import megabytes
from classwise.zoo.methods import get_method
from classwise.zoo.presets.registry import Preset, Trunk


def preset_card(
    preset: Preset,
    trunk: Trunk,
    started_from: str | None = None,
    exports: dict | None = None,
    pictures: bool = True,
) -> str:
    """Returns the card of a preset.

    Args:
        preset: the entry.
        trunk: the entry of its backbone's weights.
        started_from: name of the trunk that its training began with; None for random weights.
        exports: what `read_exports` knows of its exports.
        pictures: whether the card shows them, from a folder beside it. Defaults to True.
    """
    sections = {
        "": introduction(preset, trunk),
        "Use": use(preset),
        "Images in": images_in(preset),
        "Codes out": codes_out(preset),
        "Training": training(preset, trunk, started_from),
        "Results": results(preset, pictures),
        "Files": files(preset, trunk),
        "Exports": exported(preset, exports or {}),
        "Limits": limits(preset),
        "Citation": citation(preset),
    }
    return card_page(preset.name, preset_metadata(preset), sections)


def introduction(preset: Preset, trunk: Trunk) -> str:
    facts, value = get_data_set(preset.dataset), preset.metrics["map"]
    bits, classes = preset.code_length, len(preset.class_names)
    return (
        f"Turns an image into a code of {bits} bits. It knows {classes} classes: images of one of "
        f"them get codes that differ in few bits. Method: {get_method(preset.method).paper.link}; "
        f"backbone `{preset.backbone}`; data set {facts.link}.\n\n"
        f"Mean average precision under the protocol `{preset.protocol}` is "
        f"**{value['expected']:.4f}**, expected over ties ({value['worst']:.4f} in their worst, "
        f"{value['best']:.4f} in their best order). The files have "
        f"{megabytes(preset.bytes + trunk.bytes)}; the weights are under "
        f"{escaped(preset.license)}. All hashers are in [the zoo](../ZOO.md)."
    )


def use(preset: Preset) -> str:
    """Four lines of code."""
    return python(
        "from classwise import zoo",
        "",
        f'hasher = zoo.load("{preset.name}")',
        "codes = hasher.encode(images)",
        "found, distances = zoo.nearest_neighbours(codes[:5], codes, k=10)",
    )


def images_in(preset: Preset) -> str:
    height, width, channels = preset.image_shape
    return (
        f"uint8 `[N, {height}, {width}, {channels}]`, 0 to 255, {colour(channels)}. Scaling is "
        "inside the model and all its exports; decoding and resizing are outside: "
        f"`zoo.read_images(paths, {tuple(preset.image_shape)})`, or, to the same pixels, "
        "[a few lines of Pillow and NumPy](../EXPORT.md#prepare-images-without-classwise) with "
        f"these settings:\n\n{json_block(image_preparation(preset.image_shape))}"
    )


def codes_out(preset: Preset) -> str:
    bits, size = preset.code_length, -(-preset.code_length // 8)
    method = get_method(preset.method)
    unit = ", of unit length" if method.unit_length else ""
    padding = f" The last byte ends with {8 * size - bits} zero bits." if bits % 8 else ""
    similar = " or embeddings by cosine similarity" if method.distance == "cosine" else ""
    return (
        table(
            ["output", "type and shape", "from"],
            [
                ("code", f"uint8 `[N, {size}]`", "`hasher.encode(images)`"),
                ("embedding", f"float32 `[N, {bits}]`{unit}", "`hasher.embed(images)`"),
            ],
        )
        + "\n\nBit k of a code is 1 where embedding k is above 0. It is bit 7 - k % 8 of byte "
        f"k // 8, as `numpy.packbits` packs.{padding} Compare codes by Hamming distance{similar}. "
        "`hasher.class_centers.get_centers()` are the class centres: the nearest one classifies."
    )


def training(preset: Preset, trunk: Trunk, started_from: str | None) -> str:
    facts = get_data_set(preset.dataset)
    return "\n\n".join(
        [
            f"**Data.** {facts.link}: {facts.content} {facts.license}",
            f"**Course.** {how_trained(preset, trunk, started_from)} "
            f"{training_facts(preset)}{other_seeds(preset)} Again: `{command(preset)}`.",
            recipe_table(preset),
            versions(preset),
        ]
    )


def files(preset: Preset, trunk: Trunk) -> str:
    storage = preset.storage
    return (
        file_table([trunk, preset])
        + f"\n\nThe trunk ([`{trunk.name}`]({trunk.name}.md)) may be shared by several hashers; "
        "its head and class centres are in the preset's own file. The trunk's kernels are stored "
        f"as {storage['trunk']}, which changed {storage['bits_changed']:.3%} of the queries' bits; "
        "all results here were measured with the stored weights."
    )


def exported(preset: Preset, exports: dict) -> str:
    command = f"`classwise export {preset.name}` writes an ONNX file and proves it equal bit by bit"
    command += "; for other runtimes see [exporting](../EXPORT.md)."
    return "\n\n".join([command, *([export_tables(exports)] if exports else [])])


def limits(preset: Preset) -> str:
    height, width, _ = preset.image_shape
    facts = get_data_set(preset.dataset)
    return "\n".join(
        [
            f"- **A closed set.** It knows {len(preset.class_names)} classes and puts every image "
            "near one of them, an image of anything else too. Codes of other classes were not "
            "measured here; for yours, train a hasher "
            f'(`zoo.load("{preset.name}", num_classes=..., code_length=...)`).',
            f"- **{height} × {width} pixels.** What cannot be seen at that size does not reach "
            "the code, and images unlike the training images (other framing, drawings, scans) get "
            "codes that mean little.",
            f"- **Biases.** {facts.biases}",
            "- **Not for people.** It is not made for faces and must not be used to identify, "
            "track or judge anybody, nor where an error harms.",
            "- **Not for copies.** Same class, not same picture: two photographs of different "
            "things of one class may have the same code. To find duplicates, compare pixels.",
        ]
    )


def citation(preset: Preset) -> str:
    cited = [get_method(preset.method).paper.bibtex]
    if preset.backbone in BACKBONES:
        cited.append(BACKBONES[preset.backbone].bibtex)
    return bibtex("\n\n".join([*cited, get_data_set(preset.dataset).citation]))
