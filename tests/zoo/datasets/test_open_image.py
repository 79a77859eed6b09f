"""Where an image may come from, and what is said of one that cannot be read."""

import io
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classwise.zoo import InputError, read_images
from classwise.zoo.datasets.open_image import UnreadableImage, image_suffixes

SHAPE = (12, 10, 3)


@pytest.fixture
def photo():
    """A picture whose four quarters differ, so that every turn of it shows."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20, :30], pixels[:20, 30:], pixels[20:, :30] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    return Image.fromarray(pixels)


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def test_every_source_gives_the_same_pixels(photo, tmp_path):
    data = encoded(photo)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    expected = read_images(path, SHAPE)
    read_before = io.BytesIO(data)
    read_before.read()
    with path.open("rb") as file:
        sources = [str(path), path, data, bytearray(data), memoryview(data), read_before, file]
        sources += [photo, Image.open(path), Pipe(data)]
        for source in sources:
            np.testing.assert_array_equal(read_images(source, SHAPE), expected)
        assert len(read_images(sources[:5], SHAPE)) == 5
        assert not file.closed


class Pipe(io.RawIOBase):
    """A file object that cannot go back, such as what a server sends."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def readinto(self, buffer):
        return self.data.readinto(buffer)

    def readable(self):
        return True

    def seekable(self):
        return False


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("https://example.org/a.jpg", "'https://example.org/a.jpg' is a URL; fetch it first"),
        (Path("https://example.org/a.jpg"), "is a URL"),
        ("s3://bucket/a.jpg", "is a URL"),
        ("data:image/png;base64,AAAA", "is a URL"),
        ("nowhere.jpg", "'nowhere.jpg' cannot be opened: No such file"),
        (io.StringIO("text"), "opened as text"),
        (b"", "0 bytes' cannot be read as an image: it is not an image"),
        (b"not an image", "12 bytes' cannot be read as an image"),
        ([np.zeros((4, 4, 3), np.uint8)], "An image is a ndarray; give paths, bytes"),
        ([7], "An image is a int"),
    ],
)
def test_what_is_no_image_is_refused_in_words(source, message):
    with pytest.raises(InputError, match=message):
        read_images(source, SHAPE)


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"a\.jpg' is a pipe or a device"):
        read_images(tmp_path / "a.jpg", SHAPE)


def test_only_what_is_broken_is_called_so(tmp_path, photo):
    """`skip_bad_files` leaves these out, and nothing that another day can be read."""
    cut = tmp_path / "cut.png"
    cut.write_bytes(encoded(photo)[:60])
    with pytest.raises(UnreadableImage):
        read_images(cut, SHAPE)
    for missing in (tmp_path / "gone.png", tmp_path):
        with pytest.raises(InputError) as raised:
            read_images(missing, SHAPE)
        assert not isinstance(raised.value, UnreadableImage)


def test_what_the_system_refuses_is_not_called_broken():
    """A file that everybody may open and nobody may read from its start."""
    with pytest.raises(InputError, match="cannot be opened: Input/output error") as raised:
        read_images("/proc/self/mem", SHAPE)
    assert not isinstance(raised.value, UnreadableImage)


def odd_exif(orientation):
    """EXIF that turns the image, with a side tag of a kind that cannot be written again."""
    entries = [
        (0x0112, 3, 1, struct.pack("<HH", orientation, 0)),
        (0x9286, 2, 4, b"\xff\xfe\xfd\xfc"),  # a comment that is no ASCII
        (0xA302, 9, 1, struct.pack("<i", -5)),  # signed where bytes belong
        (0x501B, 12, 900, struct.pack("<I", 4)),  # 900 doubles that are not there
    ]
    body = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", 0)


KINDS = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 95},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_odd_side_tags_do_not_hinder_the_turn(photo, kind, orientation):
    prefix = b"Exif\0\0" if kind == "JPEG" else b""
    data = encoded(photo, kind, exif=prefix + odd_exif(orientation), **KINDS[kind])
    turn = {6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
    upright = photo.transpose(turn[orientation]) if orientation in turn else photo
    found = read_images(data, SHAPE).astype(int)
    assert np.abs(found - read_images(upright, SHAPE)).mean() < 8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "exif",
    [b"not a TIFF header", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", odd_exif(77)[:30]],
)
def test_exif_that_cannot_be_parsed_counts_as_upright(photo, kind, exif):
    data = with_exif(photo, kind, exif)
    found = read_images(data, SHAPE).astype(int)
    assert np.abs(found - read_images(photo, SHAPE)).mean() < 8


def with_exif(photo, kind, exif):
    """A file that carries these bytes as its EXIF, also where Pillow would not write them."""
    if kind == "AVIF":  # the encoder looks into it: exchange bytes of the same length later
        length = len(exif)
        valid = odd_exif(1)[: max(length, 0)]
        whole = encoded(photo, kind, exif=odd_exif(1), **KINDS[kind])
        return whole.replace(valid, exif, 1)
    prefix = b"Exif\0\0" if kind == "JPEG" else b""
    return encoded(photo, kind, exif=prefix + exif, **KINDS[kind])


def test_heic_is_read_with_its_extra(photo, tmp_path, monkeypatch):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(photo).save(file, quality=95)
    (tmp_path / "a.heic").write_bytes(file.getvalue())
    for source in (tmp_path / "a.heic", file.getvalue()):
        found = read_images(source, SHAPE).astype(int)
        assert np.abs(found - read_images(photo, SHAPE)).mean() < 8


def test_heic_without_its_extra_names_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    heic = b"\0\0\0\x18ftypheic" + bytes(100)
    with pytest.raises(InputError, match="needs the package pillow_heif") as raised:
        read_images(heic, SHAPE)
    assert not isinstance(raised.value, UnreadableImage)  # it is a readable photo elsewhere
    assert {".heic", ".heif", ".avif", ".jpg", ".webp"} <= image_suffixes()


def test_nothing_starts_another_program():
    """EPS is drawn by Ghostscript, which Pillow would start."""
    data = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    with pytest.raises(InputError, match="it is not an image"):
        read_images(data, SHAPE)
    assert not image_suffixes() & {".eps", ".ps", ".mpg", ".wmf"}


def test_the_limit_of_pixels_can_be_moved_both_ways(photo, monkeypatch):
    data = encoded(photo)
    with pytest.raises(UnreadableImage, match=r"2,400 pixels and 2,399 are allowed, which max_pix"):
        read_images(data, SHAPE, max_pixels=2399)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UnreadableImage, match="2,400 pixels and 20 are allowed"):
        read_images(data, SHAPE)
    assert read_images(data, SHAPE, max_pixels=2400).shape == (1, *SHAPE)
    assert Image.MAX_IMAGE_PIXELS == 10
    for wrong in (0, -1, 1.5, "9"):
        with pytest.raises(InputError, match="max_pixels is"):
            read_images(data, SHAPE, max_pixels=wrong)


def png(width, height, depth, color, rows, transparent):
    """A PNG file of a kind that Pillow does not write."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [(b"IHDR", header), (b"tRNS", transparent), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize(
    ("depth", "color", "row", "transparent", "expected"),
    [
        (16, 0, struct.pack(">3H", 0, 40000, 65535), struct.pack(">H", 40000), [0, 255, 255]),
        (16, 0, struct.pack(">3H", 0, 40000, 40001), struct.pack(">H", 0), [255, 156, 156]),
        (2, 0, bytes([0b00_01_10_00]), struct.pack(">H", 1), [0, 255, 170]),
        (4, 0, bytes([0x1F, 0x30]), struct.pack(">H", 3), [17, 255, 255]),
        (8, 0, bytes([5, 6, 7]), struct.pack(">H", 6), [5, 255, 7]),
        (
            16,
            2,
            struct.pack(">9H", *[0x1234] * 3, *[0x5678] * 3, *[0] * 3),
            struct.pack(">3H", *[0x5678] * 3),
            [0x12, 255, 0],
        ),
    ],
)
def test_transparent_values_at_every_depth_are_white(depth, color, row, transparent, expected):
    data = png(3, 1, depth, color, [row], transparent)
    assert read_images(data, (1, 3, 3))[0, 0, :, 0].tolist() == expected
