"""The recorded digests of every protocol's splits, which prove that a split never changes.

`python -m tools.publish.record_protocol_digests` computes and writes them.
"""

import hashlib
import json
import warnings
from collections.abc import Iterable
from pathlib import Path

from classwise.zoo.foundation.errors import InputError

DIGESTS_FILE = Path(__file__).with_name("protocol_digests.json")


def digest(ids: Iterable[str]) -> str:
    """Computes the SHA-256 of the record ids, sorted, a line each, as hexadecimal digits.

    Example:

    >>> digest(["b", "a"]) == hashlib.sha256(b"a\\nb\\n").hexdigest()
    True
    """
    return hashlib.sha256("".join(f"{id}\n" for id in sorted(ids)).encode()).hexdigest()


def stored_digests() -> dict[str, dict[str, dict]]:
    """Returns `{protocol: {role: {"images": number, "sha256": digest}}}` as recorded."""
    return json.loads(DIGESTS_FILE.read_text())


def recorded_digests(protocol: str) -> dict[str, dict]:
    """Returns what is recorded of a protocol, by role.

    Raises:
        InputError: nothing is.
    """
    found = stored_digests()
    if protocol not in found:
        raise InputError(
            f"Nothing is recorded of the protocol {protocol}; run python -m "
            "tools.publish.record_protocol_digests in the checkout's root."
        )
    return found[protocol]


def warn_if_changed(protocol: str, ids_by_role: dict[str, Iterable[str]]) -> None:
    """Warns when a split of a recorded protocol is not the recorded one."""
    for role, recorded in stored_digests().get(protocol, {}).items():
        if digest(ids_by_role[role]) != recorded["sha256"]:
            warnings.warn(
                f"The {role} of {protocol} are not the recorded ones: this copy of the data set "
                "holds other images or labels, and figures on it cannot be compared.",
                stacklevel=3,
            )
