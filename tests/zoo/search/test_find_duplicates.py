"""Copies among photographs, and what is none."""

import io
import os
import shutil

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from classwise import zoo
from classwise.zoo import InputError
from tests.zoo.search.conftest import write_photo


def jpeg(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue()))


def cropped(image, left, top, right, bottom):
    width, height = image.size
    return image.crop(
        (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    ).convert("RGB")


ALTERED = {
    "the same": lambda image: image,
    "JPEG 35": lambda image: jpeg(image, 35),
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "twice the size": lambda image: image.resize((image.width * 2, image.height * 2)),
    "3 % of each side": lambda image: cropped(image, 0.03, 0.03, 0.03, 0.03),
    "6 % of two sides": lambda image: cropped(image, 0.06, 0.06, 0, 0),
    "6 % of the width": lambda image: cropped(image, 0, 0, 0.06, 0),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
    "gray": lambda image: image.convert("L"),
}


@pytest.fixture(scope="module")
def originals():
    """Photographs of clothes, five of each of ten classes."""
    folders = sorted(path for path in zoo.sample_folder().iterdir() if path.is_dir())
    return [photo for folder in folders for photo in sorted(folder.iterdir())[:5]]


@pytest.fixture
def folder(originals, tmp_path):
    for photo in originals:
        (tmp_path / "photos" / photo.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, tmp_path / "photos" / photo.parent.name / photo.name)
    return tmp_path / "photos"


@pytest.mark.parametrize("kind", ALTERED)
def test_copies_of_every_kind_are_found_and_nothing_else(kind, originals, folder):
    (folder / "sent").mkdir()
    for photo in originals[::5]:
        with Image.open(photo) as image:
            ALTERED[kind](image).save(folder / "sent" / f"{photo.stem}.png")
    found = zoo.find_duplicates(folder)
    assert found.photos == len(originals) + 10
    pairs = [sorted(photo.file.stem for photo in photos) for photos in found.clusters]
    assert sorted(pairs) == sorted([photo.stem] * 2 for photo in originals[::5])


def test_photos_of_the_same_kind_are_no_copies(folder):
    assert zoo.find_duplicates(folder).clusters == []


def test_which_one_to_keep(tmp_path):
    image = Image.open(write_photo(tmp_path / "first.png", 0, (400, 300)))
    folder = tmp_path / "photos"
    folder.mkdir()
    image.resize((200, 150)).save(folder / "a small.png")
    image.save(folder / "b poor.jpg", quality=30)
    image.save(folder / "c good.jpg", quality=95)
    shutil.copy(folder / "c good.jpg", folder / "d older.jpg")
    os.utime(folder / "d older.jpg", (1e9, 1e9))
    (photos,) = zoo.find_duplicates(folder).clusters
    names = [photo.name for photo in photos]
    assert names == ["d older.jpg", "c good.jpg", "b poor.jpg", "a small.png"]
    assert [photo.same_bytes for photo in photos] == [False, True, False, False]
    assert [(photo.width, photo.height) for photo in photos] == [(400, 300)] * 3 + [(200, 150)]
    assert [photo.bytes for photo in photos] == [(folder / n).stat().st_size for n in names]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_what_leaks_from_one_folder_into_another(originals, tmp_path):
    train, test = tmp_path / "train", tmp_path / "test"
    for folder, photos in ((train, originals[:20]), (test, originals[20:40])):
        folder.mkdir()
        for photo in photos:
            shutil.copy(photo, folder)
    shutil.copy(originals[0], train / "again.jpg")  # within one folder: nobody asked
    with Image.open(originals[3]) as image:
        image.resize((image.width // 2, image.height // 2)).save(test / "leaked.png")
    found = zoo.find_duplicates([train, test])
    (photos,) = found.clusters
    assert [photo.file for photo in photos] == [train / originals[3].name, test / "leaked.png"]
    assert [photo.folder for photo in photos] == [0, 1]
    assert not any(found.keeps(photo, photos) for photo in photos)


def test_many_blank_photos_are_one_cluster(tmp_path):
    for number in range(60):
        Image.new("RGB", (40 + number % 3, 30), (number, 0, 0)).save(tmp_path / f"{number}.png")
    write_photo(tmp_path / "photo.png", 0)
    (photos,) = zoo.find_duplicates(tmp_path).clusters
    assert len(photos) == 60


def test_a_sideways_photo_is_a_copy_of_the_upright_one(tmp_path, originals):
    with Image.open(originals[0]) as image:
        turned = image.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = 6  # turn it back by 90 degrees
        turned.save(tmp_path / "turned.jpg", exif=exif)
    shutil.copy(originals[0], tmp_path / "upright.jpg")
    (photos,) = zoo.find_duplicates(tmp_path).clusters
    assert len(photos) == 2


def test_broken_photos(tmp_path):
    for seed in range(3):
        write_photo(tmp_path / f"{seed}.png", seed, (300, 200))
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "1.png").write_bytes(whole[:-200])
    with pytest.raises(InputError, match=r"1\.png' cannot be read.*--skip-bad-files"):
        zoo.find_duplicates(tmp_path)
    found = zoo.find_duplicates(tmp_path, skip_bad_files=True)
    assert (found.photos, found.skipped) == (2, ("1.png",))


def test_what_makes_no_sense(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for folders, sentence in (
        ("gone", "is not a folder"),
        (tmp_path / "empty", "holds no image"),
        ([folder, folder], "hold the same photos"),
        ([folder, tmp_path], "neither of them inside the other"),
        ([folder] * 3, "3 folders were given"),
    ):
        with pytest.raises(InputError, match=sentence):
            zoo.find_duplicates(folders)
    with pytest.raises(InputError, match="radius is 65"):
        zoo.find_duplicates(folder, radius=65)


def test_the_fine_hash_has_the_last_word(monkeypatch, originals, folder):
    """Without it, photos would pass whose coarse hashes are near by chance."""
    from classwise.zoo.search import photo_copies

    monkeypatch.setattr(photo_copies, "FINE_RADIUS", 256)
    loose = zoo.find_duplicates(folder, radius=14).clusters
    monkeypatch.undo()
    assert len(loose) > len(zoo.find_duplicates(folder, radius=14).clusters)


def test_pairs_are_compared_in_parts(monkeypatch):
    from classwise.zoo.search import photo_copies

    random = np.random.default_rng(0)
    fine = {row: random.integers(0, 256, (11, 32), np.uint8) for row in range(30)}
    for row in range(0, 30, 3):  # a crop of the next one looks like it
        fine[row + 1][4] = fine[row][0]
    rows = np.arange(30)
    whole = photo_copies.confirmed(rows, rows, fine, None)
    monkeypatch.setattr(photo_copies, "PAIRS_AT_ONCE", 100)
    parts = photo_copies.confirmed(rows, rows, fine, None)
    pairs = {tuple(sorted(pair)) for pair in parts.T.tolist()}
    assert pairs == {tuple(sorted(pair)) for pair in whole.T.tolist()}
    assert {(a, b) for a, b in pairs if a != b} == {(row, row + 1) for row in range(0, 30, 3)}
