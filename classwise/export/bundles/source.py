"""What a bundle is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from classwise.zoo import Hasher
    from classwise.zoo.datasets import LabelledImages


@dataclass(frozen=True)
class BundleSource:
    """The checked arguments of `write_bundle`; see there."""

    hasher: Hasher
    name: str = "hasher"
    metadata: dict[str, object] = field(default_factory=dict)
    gallery: LabelledImages | str | os.PathLike | None = None
    web_runtime: str | os.PathLike | None = None
