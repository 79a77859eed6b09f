"""The preparation of images in docs/EXPORT.md, in a process that cannot import classwise."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classwise import export, zoo
from classwise.zoo.datasets.image_preparation import image_preparation

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "EXPORT.md").read_text(encoding="utf-8")
(SNIPPET,) = re.findall(r"```python\n# preparation\n(.*?)```", TEXT, re.DOTALL)
RUN = """
import pathlib, sys
sys.modules["classwise"] = None
{snippet}
names = sorted(path.name for path in pathlib.Path(".").iterdir() if path.suffix in {endings})
np.savez("prepared.npz", code=code, **{{name: prepare(name) for name in names}})
"""
ENDINGS = (".jpg", ".png", ".gif", ".webp")
PHOTOS = [folder / "shared" / "data" / "photos_small.zip" for folder in ROOT.parents]
ORIENTATION = 0x0112


def photo(width: int, height: int, seed: int) -> Image.Image:
    """Makes a picture as smooth and as detailed as a photograph."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (5, 7, 3), np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), "float32")
    noisy = smooth + random.normal(0, 12, smooth.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def write_photos(folder: Path) -> None:
    """Writes photographs of every kind that needs a step of the preparation."""
    photo(301, 200, 0).save(folder / "a.jpg", quality=88)
    photo(97, 260, 1).convert("L").save(folder / "b.jpg")
    for turn in range(2, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = turn
        photo(180, 110, turn).save(folder / f"turned{turn}.jpg", exif=exif)
    photo(64, 64, 9).convert("CMYK").save(folder / "print.jpg")
    see_through = photo(90, 60, 10).convert("RGBA")
    see_through.putalpha(Image.linear_gradient("L").resize((90, 60)))
    see_through.save(folder / "alpha.png")
    see_through.convert("LA").save(folder / "gray_alpha.png")
    see_through.save(folder / "alpha.webp", lossless=True)
    see_through.quantize(64).save(folder / "palette.png", transparency=0)
    deep = np.random.default_rng(11).integers(0, 65536, (50, 70), np.uint16)
    Image.fromarray(deep).save(folder / "deep.png")
    photo(70, 40, 12).convert("1").save(folder / "bilevel.png")
    frames = [photo(60, 44, seed).quantize(32) for seed in (13, 14)]
    frames[0].save(folder / "film.gif", save_all=True, append_images=frames[1:])
    photo(8, 10, 15).save(folder / "exact.png")


def prepared(folder: Path) -> dict[str, np.ndarray]:
    """Returns what the snippet makes of all images in a folder, and the codes of two."""
    code = RUN.format(snippet=SNIPPET, endings=ENDINGS)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "prepared.npz") as found:
        return dict(found)


@pytest.mark.parametrize("channels", [3, 1])
def test_the_snippet_gives_the_same_pixels(make_hasher, channels, tmp_path):
    hasher = make_hasher(backbone=zoo.resnet(8, (10, 8, channels), width=2))
    export.to_onnx(hasher, tmp_path / "mine.onnx", verify=False)
    write_photos(tmp_path)
    found = prepared(tmp_path)
    code = found.pop("code")
    assert len(found) == 18
    for name, pixels in found.items():
        (right,) = zoo.read_images(tmp_path / name, (10, 8, channels))
        assert pixels.dtype == np.uint8
        assert (pixels == right).all(), name
    files = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    right = hasher.encode(zoo.read_images(files, hasher.image_shape), verbose=0)
    np.testing.assert_array_equal(code, right)


@pytest.mark.real_data
def test_real_photographs_too(onnx_report, hasher, tmp_path):
    photos = next((file for file in PHOTOS if file.exists()), None)
    if photos is None:
        pytest.skip("needs shared/data/photos_small.zip above the checkout")
    with zipfile.ZipFile(photos) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg"))]
        names = names[:: max(1, len(names) // 40)]
        for number, name in enumerate(names):
            stem = "ab"[number] if number < 2 else f"photo{number:03}"
            (tmp_path / f"{stem}.jpg").write_bytes(archive.read(name))
    (tmp_path / "mine.onnx").symlink_to(onnx_report.path)
    found = prepared(tmp_path)
    found.pop("code")
    assert len(found) >= 20
    for name, pixels in found.items():
        (right,) = zoo.read_images(tmp_path / name, hasher.image_shape)
        assert (pixels == right).all(), name


def test_every_key_is_explained():
    rows = re.findall(r"^\| (`.*?`) \|", TEXT.split("# preparation")[1], re.MULTILINE)
    explained = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    assert set(image_preparation((4, 4, 3))) <= explained
