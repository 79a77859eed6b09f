"""Whether an ONNX file is whole: a digest of all its bytes stands in its own metadata.

ONNX Runtime loads a file with a flipped bit in its weights, and computes other codes. The digest
is an entry of `metadata_props`, `sha256`: the SHA-256 of the file with 64 zeros in its place. The
entry is the last one, and metadata is what ONNX's encoding puts last, so it ends the file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    import os

#: The key of the entry.
KEY = "sha256"
#: What stands in the place of the digest while it is computed.
BLANK = "0" * 64
# The entry's key and the head of its value, as protobuf writes them: field, length, text.
MARK = b"\x0a\x06" + KEY.encode() + b"\x12\x40"
DIGITS = b"0123456789abcdef"


def sealed(contents: bytes) -> bytes:
    """Returns a file's contents with the digest in the place of `BLANK`, at the end.

    Args:
        contents: a model whose last entry of metadata is `KEY`, with the value `BLANK`.
    """
    if not contents.endswith(MARK + BLANK.encode()):
        raise ValueError("the contents do not end with a blank digest")
    return contents.removesuffix(BLANK.encode()) + digest(contents).encode()


def digest(contents: bytes) -> str:
    """Returns the digest that a file should have, in 64 hexadecimal digits."""
    seal = hashlib.sha256(memoryview(contents)[: -len(BLANK)])
    seal.update(BLANK.encode())
    return seal.hexdigest()


def is_whole(path: str | os.PathLike) -> bool | None:
    """Returns whether a file has the digest that it states, or None if it states none.

    Files of other projects state none, nor do those that classwise wrote before it had digests.
    """
    contents = Path(path).read_bytes()
    stated = contents[-len(BLANK) :]
    marked = contents.removesuffix(stated).endswith(MARK)
    # The mark itself may be what is damaged: then the digits still stand behind it.
    if not marked and sum(byte in DIGITS for byte in stated) < len(BLANK) - 1:
        return None
    return stated == digest(contents).encode()


def check_whole(path: str | os.PathLike) -> None:
    """Raises `InputError` if a file states another digest than it has."""
    if is_whole(path) is False:
        raise InputError(
            f"{path} is damaged, or was changed after it was exported: it is not what its digest "
            f"says; export it again, or, if the change is meant, remove {KEY} from its metadata."
        )
