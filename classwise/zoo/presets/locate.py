"""Where a preset's file lies: in the package, in the cache, or on a mirror it is fetched from."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from classwise.zoo.foundation import files
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.presets import registry
from classwise.zoo.presets.download.mirrors import is_offline, parse_mirrors

REMEDY = "CLASSWISE_MIRRORS or mirror= (--mirror)"


def locate(file: str, bytes: int, sha256: str, mirrors: str | Iterable[str] | None = None) -> Path:
    """Returns the path of a preset's file, once its content has the recorded SHA-256.

    Looked for in the package first, then in the cache, then on the mirrors, in their order. For a
    bundled file no network code is imported.

    Args:
        file: path inside the presets folder, and so on a mirror.
        bytes: its size.
        sha256: its SHA-256 in 64 hexadecimal digits.
        mirrors: URLs of mirrors. Defaults to those of CLASSWISE_MIRRORS.

    Raises:
        InputError: no mirror has the file as it was recorded, none is named, the network is
            forbidden, the cache cannot be written, or the bundled file is altered.
    """
    mirrors = parse_mirrors(mirrors)
    bundled = registry.FOLDER / file
    if bundled.is_file():
        found = files.sha256(bundled)
        if found != sha256:
            raise InputError(
                f"{file} has SHA-256 {found[:12]}..., not the recorded {sha256[:12]}...; the file "
                "was altered or cut: reinstall classwise."
            )
        return bundled

    from classwise.zoo.presets.download.cache import cached_path, is_whole

    cached = cached_path(file, sha256)
    if is_whole(cached, bytes, sha256):
        return cached
    altered = cached.is_file()
    lack = (
        f"is altered in the cache ({cached})"
        if altered
        else f"is missing, neither bundled with this classwise nor in the cache ({cached.parent})"
    )
    if not mirrors:
        raise InputError(f"{file} {lack}, and no mirror is named; name one in {REMEDY}.")
    usable = [mirror for mirror in mirrors if mirror.is_local or not is_offline()]
    if not usable:
        names = ", ".join(mirror.name for mirror in mirrors)
        raise InputError(
            f"{file} {lack}, and CLASSWISE_OFFLINE=1 forbids to ask {names}; fetch it once without "
            f"that variable, or name a file:// mirror in {REMEDY}."
        )

    from classwise.zoo.presets.download.download import download

    mirror = download(usable, file, bytes, sha256, cached)
    if altered and mirror:
        warnings.warn(
            f"{cached} was altered; it was fetched anew from {mirror.name}.", stacklevel=2
        )
    return cached
