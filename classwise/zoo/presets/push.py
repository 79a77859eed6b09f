"""Publishing of a hasher: its preset folder becomes a repository of a model hub."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.written_folder import IGNORED, RECORD
from classwise.zoo.models.folder_facts import read_facts
from classwise.zoo.models.preset_folder import README, is_preset_folder
from classwise.zoo.models.preset_readme import REPOSITORY
from classwise.zoo.presets.download.hub import HubPlace, parse_hub_place
from classwise.zoo.presets.download.mirrors import is_offline

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher


def push(
    model: Hasher | str | os.PathLike,
    address: str,
    *,
    message: str = "A classwise hasher",
    private: bool = False,
) -> str:
    """Publishes a hasher on a model hub; `zoo.load(address)` loads it from there.

    The hub is huggingface.co, or the server of HF_ENDPOINT; `hf auth login` or HF_TOKEN says who
    publishes. The repository is made where there is none. All files appear in one commit.

    Args:
        model: a preset folder, or a `Hasher`, which is saved as one with `save_preset` first.
        address: `"hf://OWNER/MODEL"`.
        message: of the commit. Defaults to "A classwise hasher".
        private: whether a repository that is made is private. Defaults to False.

    Returns:
        The URL of the commit.

    Raises:
        InputError: no preset folder, or one with an altered file; another address; the hub refuses
            it or cannot be reached.
    """
    place = check_address(address)
    if hasattr(model, "save_preset"):
        with tempfile.TemporaryDirectory(prefix="classwise-") as folder:
            return upload(model.save_preset(Path(folder) / "preset"), place, message, private)
    path = Path(model)
    if not path.is_dir() or not is_preset_folder(path) or not read_facts(path):
        raise InputError(
            f"{path} is no preset folder; write one with hasher.save_preset('mine/'), and push "
            "that."
        )
    return upload(path, place, message, private)


def check_address(address: str) -> HubPlace:
    """Returns the repository that an address names, or raises `InputError`."""
    place = parse_hub_place(address)
    if place is None or place.file:
        raise InputError(f"'{address}' is no repository of a hub; write hf://OWNER/MODEL.")
    if is_offline():
        raise InputError(f"CLASSWISE_OFFLINE=1 forbids to push to {address}; unset it.")
    return place


def upload(folder: Path, place: HubPlace, message: str, private: bool) -> str:
    """Uploads a folder's files as one commit; see `push`."""
    import huggingface_hub

    operations = [
        huggingface_hub.CommitOperationAdd(
            path_in_repo=path.relative_to(folder).as_posix(), path_or_fileobj=content(path, place)
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (RECORD, *IGNORED)
    ]
    # The variable is read here, and not when the library is imported.
    hub = huggingface_hub.HfApi(
        endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="classwise"
    )
    try:
        hub.create_repo(place.repository, exist_ok=True, private=private or None)
        commit = hub.create_commit(
            place.repository, operations, commit_message=message, revision=place.revision
        )
    # httpx's errors are no OSError, and which httpx it is depends on the library's version.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"hf://{place.repository} cannot be written: {reason[:200]} Log in with `hf auth "
            "login` or set HF_TOKEN, to one who may write there, and check the network."
        ) from error
    return str(commit.commit_url)


def content(path: Path, place: HubPlace) -> bytes | str:
    """Returns what is uploaded of a file: the card with the repository's name, others as is."""
    if path.name != README:
        return str(path)
    return path.read_text(encoding="utf-8").replace(REPOSITORY, place.repository).encode()
