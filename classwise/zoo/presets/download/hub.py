"""Repositories of a model hub: their names, and their files in the hub's own cache."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.presets.download.transfer import TransferError, transfer

SCHEME = "hf://"
PLACE = re.compile(
    r"hf://(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.-]+))?(/(?P<file>[^?#]+))?",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True)
class HubPlace:
    """What an address `hf://OWNER/MODEL[@REVISION][/FILE]` names.

    Args:
        repository: `OWNER/MODEL`.
        revision: a branch, tag or commit; None for the main branch.
        file: a path in the repository; None for all of it.
    """

    repository: str
    revision: str | None = None
    file: str | None = None

    def request(self, kind: str, **options) -> dict:
        """Returns the request of a transfer from the repository; see `transfer`."""
        place = {"repository": self.repository, "revision": self.revision}
        return {"kind": kind, **place, **options}


def parse_hub_place(address: str) -> HubPlace | None:
    """Returns what an address names, None for one of another form.

    Example:

    >>> parse_hub_place("hf://someone/hashers@v1/onnx/model.onnx")
    HubPlace(repository='someone/hashers', revision='v1', file='onnx/model.onnx')
    """
    match = PLACE.fullmatch(address)
    return HubPlace(**match.groupdict()) if match and ".." not in address else None


def fetch_from_hub(place: HubPlace, patterns: Sequence[str], most: int, offline: bool) -> Path:
    """Returns the folder of a repository in the hub's cache, once the files asked for are in it.

    Args:
        place: the repository.
        patterns: names of the files, with wild cards.
        most: bytes that may arrive.
        offline: whether only what is cached may be taken.

    Raises:
        InputError: the hub does not give it, or it is not cached.
    """
    name = f"{SCHEME}{place.repository}"
    request = place.request(
        "fetch_into_hub_cache", patterns=list(patterns), most=most, cached=offline
    )
    with tempfile.TemporaryDirectory(prefix="classwise-") as folder:
        try:
            return transfer(request, Path(folder), most)
        except TransferError as error:
            if offline:
                raise InputError(
                    f"{name} is not in the hub's cache, and CLASSWISE_OFFLINE=1 forbids to ask; "
                    "load it once without that variable."
                ) from error
            raise InputError(
                f"{name} cannot be fetched: {error}; check the name and the network, and for a "
                "private one log in with `hf auth login`."
            ) from error
