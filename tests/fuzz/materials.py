"""Files that commands are given: right ones of every kind, and what spoils them."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from PIL import Image

RECIPE = """
method = "dcwh"
protocol = "folder"
backbone = "resnet8"
code_length = 8
batch_size = 2
image_shape = [8, 8, 1]
[[stages]]
epochs = 1
"""
# A name as of a disk that was written elsewhere: no UTF-8.
FOREIGN = os.fsdecode(b"caf\xe9")
DEEP = 100_000
NESTED = {
    "JSON lists": b"[" * DEEP,
    "JSON objects": b'{"a":' * DEEP,
    "TOML lists": b"code_length = " + b"[" * DEEP,
    "nearly too deep": b"[" * 900 + b"]" * 900,
}


def write_images(folder: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("bag", FOREIGN):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            pixels = random.integers(0, 256, (8, 8)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    shutil.copy(folder / "bag" / "0.png", folder / "bag" / f"{FOREIGN}.png")


def write_materials(folder: Path) -> None:
    """Fills a folder with right files of every kind that commands take."""
    import keras

    from classwise.zoo import Hasher, build_index
    from classwise.zoo.training.recipe_files import read_recipe

    write_images(folder / "images")
    (folder / "list.txt").write_text("images/bag/0.png\nimages/bag/1.png\n")
    (folder / "names.txt").write_text(f"bag\n{'boot'}\n")
    (folder / "recipe.toml").write_text(RECIPE)
    random = np.random.default_rng(0)
    codes = random.integers(0, 256, (12, 2), np.uint8)
    labels = np.arange(12) % 2
    np.savez(
        folder / "codes.npz",
        codes=codes,
        names=[f"{number}.png" for number in range(12)],
        labels=labels,
        code_length=12,
        class_names=["a", "b"],
    )
    both = {
        f"{role}_{key}": value
        for role in ("query", "database")
        for key, value in (("codes", codes), ("labels", labels))
    }
    np.savez(folder / "pair.npz", **both)
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 1))
    features = keras.layers.Conv2D(4, 3, strides=2)(keras.layers.Rescaling(1 / 64, -2.0)(inputs))
    hasher = Hasher(keras.Model(inputs, features), 12, 2, class_names=("bag", FOREIGN))
    hasher.save(folder / "small.keras")
    hasher.save_preset(folder / "mine", onnx=False)
    build_index(folder / "small.keras", folder / "images", folder / "photos.index", labeled=True)
    (folder / "run").mkdir()
    recipe = read_recipe(folder / "recipe.toml").to_dict()
    (folder / "run" / "recipe.json").write_text(json.dumps(recipe))
    (folder / "run" / "images.json").write_text(json.dumps({"training": {"images": 6}}))
    (folder / "run" / "log.jsonl").write_text(
        json.dumps({"epoch": 1, "selectable": True, "val_accuracy": 0.5}) + "\n"
    )
    shutil.copy(folder / "small.keras", folder / "run" / "checkpoint.keras")
    (folder / "new.npz.part").mkdir()
    (folder / "new.npz.part" / "run.json").write_text(json.dumps({"model": "small.keras"}))
    (folder / "empty").mkdir()


def files_in(folder: Path) -> list[str]:
    """Returns all files and folders below a folder, relative to it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def damages(names: list[str]) -> st.SearchStrategy:
    """Gives what is done to which file: a name, a kind of damage, and numbers that place it."""
    kinds = st.sampled_from([*DAMAGE, *NESTED])
    return st.tuples(st.sampled_from(names), kinds, st.floats(0, 1), st.binary(max_size=40))


def flip(path: Path, place: float, noise: bytes) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[int(place * (len(content) - 1))] ^= (noise or b"\x01")[0] or 1
    path.write_bytes(content)


def cut(path: Path, place: float, noise: bytes) -> None:
    path.write_bytes(path.read_bytes()[: int(place * path.stat().st_size)])


def insert(path: Path, place: float, noise: bytes) -> None:
    content = path.read_bytes()
    at = int(place * len(content))
    path.write_bytes(content[:at] + noise + content[at:])


def replace(path: Path, place: float, noise: bytes) -> None:
    path.write_bytes(noise)


def turn_into_pipe(path: Path, place: float, noise: bytes) -> None:
    path.unlink()
    os.mkfifo(path)


def turn_into_folder(path: Path, place: float, noise: bytes) -> None:
    path.unlink()
    path.mkdir()


def turn_into_loop(path: Path, place: float, noise: bytes) -> None:
    path.unlink()
    path.symlink_to(path.name)


def take_away(path: Path, place: float, noise: bytes) -> None:
    path.unlink()


DAMAGE = {
    each.__name__: each
    for each in (
        flip,
        cut,
        insert,
        replace,
        turn_into_pipe,
        turn_into_folder,
        turn_into_loop,
        take_away,
    )
}


def damage(folder: Path, name: str, kind: str, place: float, noise: bytes) -> None:
    """Does to a file what `damages` gave; folders become empty files."""
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
        path.touch()
    elif not path.is_file():
        return  # an earlier damage took it
    if kind in NESTED:
        path.write_bytes(NESTED[kind])
    else:
        DAMAGE[kind](path, place, noise)
