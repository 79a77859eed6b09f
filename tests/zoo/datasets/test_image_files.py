"""Any tree of photos: what in it is an image, and what is not."""

import os

import pytest
from PIL import Image

from classwise.zoo import InputError
from classwise.zoo.datasets.image_files import find_images, visible_folders


def write(path, kind="JPEG"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 10), (9, 90, 200)).save(path, kind)


@pytest.fixture
def tree(tmp_path):
    """A folder as people have them: years, trips, loose files, and what systems leave about."""
    tree = tmp_path / "photos"
    for name in (
        *("loose.jpg", "2020/a.JPG", "2020/rome/b.jpeg", "2020/rome/day 1/c.jpg"),
        *("2021/no_suffix", "2021/wrong.doc", "2021/IMG.THM", ".thumbnails/t.jpg"),
        *("@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "__MACOSX/d.jpg", "#recycle/old.jpg"),
    ):
        write(tree / name)
    write(tree / "2021/e.png", "PNG")
    for name in ("Thumbs.db", ".DS_Store", "__MACOSX/._a.jpg", "2020/._b.jpg", "2020/a.JPG.xmp"):
        (tree / name).write_bytes(b"\0\5\x16\7 not an image")
    (tree / "2021/sound.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    (tree / "2021/film.mov").write_bytes(b"\0\0\0\x14ftypqt  " + bytes(99))
    return tree


def test_every_image_whatever_the_depth_and_nothing_else(tree):
    found = find_images(tree)
    assert found.names == (
        *("2020/a.JPG", "2020/rome/b.jpeg", "2020/rome/day 1/c.jpg"),
        *("2021/e.png", "2021/no_suffix", "2021/wrong.doc", "loose.jpg"),
    )
    assert found.others == (
        *("2020/a.JPG.xmp", "2021/IMG.THM", "2021/film.mov", "2021/sound.wav", "Thumbs.db"),
    )
    assert found.bad == {}
    assert [path.name for path in visible_folders(tree)] == ["2020", "2021"]


@pytest.mark.timeout(60)
def test_pipes_and_devices_are_not_waited_for(tree):
    os.mkfifo(tree / "2020/pipe")
    os.mkfifo(tree / "2020/pipe.jpg")
    assert {"2020/pipe", "2020/pipe.jpg"} <= set(find_images(tree).others)


def test_links_are_followed_once_and_never_in_circles(tree, tmp_path):
    write(tmp_path / "elsewhere/f.jpg")
    (tree / "linked").symlink_to(tmp_path / "elsewhere")
    (tree / "2020/up").symlink_to(tree)
    (tree / "2020/same").symlink_to(".")
    names = find_images(tree).names
    assert "linked/f.jpg" in names
    assert len(names) == 8


def test_a_tree_may_be_deep(tmp_path):
    folders = [tmp_path / "a"]
    while len(folders) < 1200 and len(str(folders[-1])) < 3500:
        folders.append(folders[-1] / "a")
    for folder in folders:
        folder.mkdir()
    write(folders[-1] / "b.jpg")
    try:
        assert len(find_images(tmp_path).names) == 1
    finally:  # pytest's own clean-up is recursive, and breaks at such a depth
        (folders[-1] / "b.jpg").unlink()
        for folder in reversed(folders):
            folder.rmdir()


def test_a_link_to_itself(tree):
    (tree / "loop").symlink_to("loop")
    assert "loop" in find_images(tree).others
    (tree / "loop.jpg").symlink_to("loop.jpg")
    with pytest.raises(InputError, match=r"loop\.jpg' cannot be opened: Too many levels"):
        find_images(tree)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\xff\xd8\xff\xe0 cut"])
def test_what_calls_itself_an_image_and_is_none_is_broken(tree, content):
    (tree / "2021/broken.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"2021/broken\.jpg.*read as an image.*--skip-bad-files"):
        find_images(tree)
    found = find_images(tree, skip_bad_files=True)
    assert list(found.bad) == ["2021/broken.jpg"]
    assert len(found.names) == 7


def test_a_link_to_nowhere_is_no_broken_image(tree):
    (tree / "gone.jpg").symlink_to(tree / "nowhere.jpg")
    for skip in (False, True):
        with pytest.raises(InputError, match=r"gone\.jpg' cannot be opened: No such file"):
            find_images(tree, skip_bad_files=skip)
    (tree / "gone.jpg").unlink()
    (tree / "gone").symlink_to(tree / "nowhere")
    assert "gone" in find_images(tree).others


def test_raw_photos_are_no_images_though_a_thumbnail_could_be_read(tree):
    write(tree / "2021/raw.nef", "TIFF")
    assert "2021/raw.nef" in find_images(tree).others


def test_names_that_are_no_text(tree):
    name = os.fsencode(tree) + b"/2020/\xff\xfe.jpg"
    Image.new("RGB", (4, 4)).save(tree / "x.jpg")
    (tree / "x.jpg").rename(os.fsdecode(name))
    assert "2020/\udcff\udcfe.jpg" in find_images(tree).names
