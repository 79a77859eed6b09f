"""What the name of a model stands for: a preset, a file, a folder, a URL, a hub's repository."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote, urldefrag

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256
from classwise.zoo.models.folder_facts import FACTS
from classwise.zoo.models.keras_parts import CONFIG, METADATA, WEIGHTS, allowed_bytes
from classwise.zoo.models.preset_folder import is_preset_folder
from classwise.zoo.presets.download.hub import SCHEME, fetch_from_hub, parse_hub_place
from classwise.zoo.presets.download.mirrors import is_offline, split_url, without_password
from classwise.zoo.presets.registry import get_preset, presets, trunks, unknown_model

T = TypeVar("T")

# Kinds that are no endings.
PRESET, TRUNK, PRESET_FOLDER, FOLDER = "preset", "trunk", "preset folder", "folder"
# Of a hub's repository, what a hasher is loaded from.
HUB_FILES = (CONFIG, METADATA, WEIGHTS, FACTS, "assets/*")
# Bytes that may come of a model whose size nobody recorded.
MOST_BYTES = 2_000_000_000
WRITE = "write hf://OWNER/MODEL, hf://OWNER/MODEL/FILE or https://HOST/FILE"


@dataclasses.dataclass(frozen=True)
class FoundModel:
    """A model that is there, on this machine by now.

    Args:
        name: as it was given.
        kind: "preset", "trunk", "preset folder", another "folder", or the ending of a file, such
            as ".onnx".
        path: of the file or the folder; None for a preset or a trunk.
    """

    name: str
    kind: str
    path: Path | None = None

    @property
    def identity(self) -> str:
        """What is the same for the same weights only."""
        if self.kind == PRESET:
            return " ".join(file.sha256 for file in get_preset(self.name).files)
        return sha256(self.path / WEIGHTS if self.path.is_dir() else self.path)


def read_model(name: str | os.PathLike, readers: Mapping[str, Callable[[FoundModel], T]]) -> T:
    """Reads whatever a name stands for, with the reader of its kind.

    This is the one way from what a user writes to a model; a kind more is a reader more.

    Args:
        name: a preset's name, a path, `https://HOST/FILE`, `hf://OWNER/MODEL`, or
            `hf://OWNER/MODEL/FILE`.
        readers: by kind; see `FoundModel`.

    Raises:
        InputError: nothing is there, or something of another kind.
    """
    found = find_model(name)
    if found.kind not in readers:
        raise InputError(f"{found.name} is {in_words([found.kind])}; give {in_words(readers)}.")
    return readers[found.kind](found)


def in_words(kinds: Iterable[str]) -> str:
    """Returns kinds of models as a sentence names them.

    Example:

    >>> in_words(["preset", ".keras", "preset folder"])
    "a preset's name, a .keras file or a preset folder"
    """
    names = {PRESET: "a preset's name", TRUNK: "a trunk's name", "": "a file without an ending"}
    words = [names.get(kind, f"a {kind}{' file' * kind.startswith('.')}") for kind in kinds]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def find_model(name: str | os.PathLike) -> FoundModel:
    """Returns what a name stands for, once it is on this machine.

    A preset's name comes before a folder's that is written the same way; `./NAME` is the folder.

    Raises:
        InputError: nothing is there, or it cannot be fetched.
    """
    text = os.fspath(name)
    if not isinstance(text, str):
        raise InputError(f"{name!r} is no model; give a name, a path or a URL.")
    if text in presets():
        return FoundModel(text, PRESET)
    if text in trunks():
        return FoundModel(text, TRUNK)
    path = fetched(text) if re.match(r"[a-z]{2,}://", text) else Path(text)
    if path.is_dir():
        return FoundModel(text, PRESET_FOLDER if is_preset_folder(path) else FOLDER, path)
    if path.is_file():
        return FoundModel(text, path.suffix, path)
    if path.suffix or len(path.parts) > 1:
        raise InputError(f"There is no model file or folder {text}.")
    raise unknown_model(text, "preset or file")


def fetched(address: str) -> Path:
    """Returns where what an address names lies on this machine, fetched if need be.

    Raises:
        InputError: it is no address of a model, or cannot be fetched.
    """
    most = allowed_bytes(MOST_BYTES)
    place = parse_hub_place(address)
    if place:
        files = (place.file,) if place.file else HUB_FILES
        folder = fetch_from_hub(place, files, most, is_offline())
        return folder / (place.file or "")
    url, checksum = urldefrag(address)
    parts = split_url(url)
    name = PurePosixPath(unquote(parts.path)).name if parts else ""
    if address.startswith(SCHEME) or not parts or not PurePosixPath(name).suffix:
        raise InputError(f"'{without_password(address)}' names no model; {WRITE}.")
    digest = re.fullmatch(r"(sha256=([0-9a-f]{64}))?", checksum)
    if not digest:
        raise InputError(f"'#{checksum}' is no checksum; write #sha256= and 64 hexadecimal digits.")
    if parts.scheme == "file":
        from urllib.request import url2pathname

        return Path(url2pathname(parts.path))

    from classwise.zoo.presets.download.download import cached_url, download_url

    if is_offline():
        return cached_url(name, digest[2], without_password(url))
    return download_url(url, name, without_password(url), digest[2], most)
