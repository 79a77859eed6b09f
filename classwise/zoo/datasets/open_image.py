"""Opening of one image, wherever it comes from: a path, bytes, a file object, a PIL image."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    from PIL.Image import Image

    Source = str | os.PathLike | bytes | bytearray | memoryview | BinaryIO | Image

# They show what another program made of the file (EPS), or Pillow only tells them apart.
NOT_DECODED = {"BUFR", "EMF", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
URL = re.compile(r"[a-z][a-z0-9+.-]+:/|data:", re.IGNORECASE)
_LIMIT = threading.Lock()


class UnreadableImage(InputError):
    """An image is broken: what it holds cannot be decoded, whoever tries."""


def is_single(source: object) -> bool:
    """Returns whether this is one image, rather than several of them.

    Example:

    >>> is_single("a.jpg"), is_single(b"..."), is_single(["a.jpg"])
    (True, True, False)
    """
    kinds = (str, os.PathLike, bytes, bytearray, memoryview)
    return isinstance(source, kinds) or hasattr(source, "read") or _is_pillow(source)


@contextlib.contextmanager
def opened_image(source: Source, max_pixels: int | None = None) -> Iterator[Image]:
    """Opens an image, its pixels not yet decoded; errors inside the block name it.

    Args:
        source: a path; the bytes of a file; a file object, read from its start; or a PIL image.
        max_pixels: width times height that is let through, against files made to fill the memory.
            Defaults to Pillow's limit, 179 million.

    Raises:
        UnreadableImage: it is broken, or no image, or larger than `max_pixels`.
        InputError: it is a URL, it is missing or may not be read, a folder, a pipe, or of a
            format that a package not installed here reads.
    """
    try:
        if _is_pillow(source):
            yield source
            return
        with _open(_stream(source), max_pixels) as image:
            yield image
    except (InputError, MemoryError):
        raise
    except OSError as error:
        if error.errno is None:  # of a decoder
            raise _unreadable(source, error) from error
        raise InputError(
            f"'{named(source)}' cannot be opened: {error.strerror}; check the path and who may "
            "read it."
        ) from error
    except Exception as error:  # decoders raise many types: SyntaxError, struct.error, ...
        raise _unreadable(source, error) from error


def named(source: Source) -> str:
    """Returns what an image is called in messages."""
    if isinstance(source, str | os.PathLike):
        return str(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return f"{len(source)} bytes"
    return str(getattr(source, "filename", "") or getattr(source, "name", "") or source)


def image_suffixes() -> frozenset[str]:
    """Returns the endings, in lower case, by which files say that they are images."""
    from PIL import Image

    known = Image.registered_extensions().items()
    readable = {suffix for suffix, kind in known if kind in _formats()}
    return frozenset(readable | {".heic", ".heif", ".hif", ".avif"})


@functools.cache
def _formats() -> tuple[str, ...]:
    """Returns the formats that are decoded here; no other program is ever started."""
    from PIL import Image

    Image.init()
    return tuple(name for name in Image.ID if name in Image.OPEN and name not in NOT_DECODED)


def _is_pillow(source: object) -> bool:
    from PIL import Image

    return isinstance(source, Image.Image)


def _stream(source: Source) -> Path | BinaryIO:
    """Returns what Pillow opens, once it is sure that reading from it ends."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "read"):
            raise InputError(
                f"An image is a {type(source).__name__}; give paths, bytes, binary file objects or "
                "PIL images."
            )
        if isinstance(source, io.TextIOBase):
            raise InputError(f"'{named(source)}' is opened as text; open it with mode 'rb'.")
        if source.seekable():
            return source
        return io.BytesIO(source.read())
    path = Path(source)
    if URL.match(str(source)) and not path.exists():
        raise InputError(
            f"'{str(source)[:80]}' is a URL; fetch it first, and give the file or its bytes."
        )
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise InputError(f"'{path}' is a pipe or a device, not a file; give a file of an image.")
    return path


def _open(stream: Path | BinaryIO, max_pixels: int | None) -> Image:
    from PIL import Image, UnidentifiedImageError

    with _pillow_limit(max_pixels):
        try:
            image = Image.open(stream, formats=_formats())
        except UnidentifiedImageError:
            if not _is_heif(stream):
                raise
            require("pillow_heif", "heif").register_heif_opener()
            _formats.cache_clear()
            image = Image.open(stream, formats=_formats())
    if max_pixels is not None and image.width * image.height > max_pixels:
        image.close()
        raise ValueError(_too_large(image.width * image.height, max_pixels))
    return image


@contextlib.contextmanager
def _pillow_limit(max_pixels: int | None) -> Iterator[None]:
    """Holds Pillow's own limit, which is one for the whole process, off a larger one."""
    from PIL import Image

    given = Image.MAX_IMAGE_PIXELS
    if max_pixels is None or given is None or max_pixels <= given:
        yield
        return
    with _LIMIT:
        given, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = given


def _is_heif(stream: Path | BinaryIO) -> bool:
    if isinstance(stream, Path):
        with stream.open("rb") as file:
            return _is_heif(file)
    stream.seek(0)
    head = stream.read(12)
    stream.seek(0)
    return head[4:8] == b"ftyp" and head[8:] in HEIF_BRANDS


def _too_large(pixels: int, allowed: int) -> str:
    return (
        f"it has {pixels:,} pixels and {allowed:,} are allowed, which max_pixels (--max-pixels) "
        "raises"
    )


def _unreadable(source: Source, error: Exception) -> UnreadableImage:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        reason = "it is not an image"
    elif isinstance(error, Image.DecompressionBombError):
        pixels = re.search(r"\d+", str(error))
        reason = _too_large(int(pixels[0]) if pixels else 0, 2 * Image.MAX_IMAGE_PIXELS)
    else:
        reason = str(error) or type(error).__name__
    return UnreadableImage(
        f"'{named(source)}' cannot be read as an image: {reason}; replace it or leave it out."
    )
