"""Writes the cards and docs/ZOO.md from the registry, in the checkout's root:

python -m tools.publish.write_cards [NAME ...] [--pictures]
"""

import argparse
import shutil
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from classwise.zoo.cards.cards import card, zoo
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.printing import print_note
from classwise.zoo.presets.registry import Preset, get_trunk, presets, trunks
from tools.publish.card_pictures import draw_pictures, outdated
from tools.publish.check_entry import problems

CARDS = Path("docs", "models")
PAGE = Path("docs", "ZOO.md")
BENCH = Path("bench", "results")


def write(root: Path, names: Iterable[str] = ()) -> None:
    """Writes the cards of the named entries, by default of all, and docs/ZOO.md.

    With all of them, cards of entries that are no more are removed.

    Raises:
        InputError: no such entry, or one that contradicts itself.
    """
    every = [*presets(), *trunks()]
    names = list(names)
    for name in presets().keys() & set(names or every):
        for problem in problems(presets()[name], get_trunk(name)):
            raise InputError(f"The entry of {name} is wrong: {problem}.")
    texts = {name: card(name, root / BENCH) for name in names or every}
    for name, text in texts.items():
        write_text(root / CARDS / f"{name}.md", text)
    write_text(root / PAGE, zoo())
    if not names:
        for path in (root / CARDS).glob("*"):
            if path.is_dir() and path.name not in presets():
                shutil.rmtree(path)
            elif path.suffix == ".md" and path.stem not in every:
                path.unlink()


def write_text(path: Path, text: str) -> None:
    with replacing_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_pictures(root: Path, chosen: Iterable[Preset], data_dir: Path | None) -> None:
    """Draws the pictures of presets, each from the images of its protocol."""
    from classwise.zoo.datasets.protocols import get_protocol
    from classwise.zoo.presets.load import load
    from tools.publish.shared_trunk import encode_together

    chosen = sorted(chosen, key=lambda preset: (preset.protocol, preset.trunk))
    for protocol, under in groupby(chosen, key=lambda preset: preset.protocol):
        images = get_protocol(protocol).load(data_dir)
        for trunk, standing in groupby(under, key=lambda preset: preset.trunk):
            print_note(f"pictures of the hashers on {trunk} ...")
            standing = list(standing)
            every = encode_together([load(preset.name) for preset in standing], images)
            for preset, sets in zip(standing, every, strict=True):
                draw_pictures(preset, sets, images, root / CARDS / preset.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets or trunks (default: all)")
    parser.add_argument(
        "--pictures", action="store_true", help="draw those that are missing or show old weights"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    options = parser.parse_args()
    root = Path.cwd()
    try:
        write(root, options.names)
    except InputError as error:
        parser.exit(2, f"write_cards: {error}\n")
    chosen = [presets()[name] for name in options.names or presets() if name in presets()]
    # The photos that judge hashers for any photos may not be shown.
    chosen = [preset for preset in chosen if not preset.for_any_photos]
    old = list(outdated(chosen, root / CARDS))
    if options.pictures:
        write_pictures(root, old, options.data_dir)
    elif old:
        print_note(f"{len(old)} cards have no pictures of their weights; draw them with --pictures")


if __name__ == "__main__":
    main()
