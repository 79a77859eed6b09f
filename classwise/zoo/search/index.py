"""An index of images: opened, searched, its answers ranked again by vectors."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.search.code_groups import CodeGroups
from classwise.zoo.search.index_encoder import IndexEncoder, check_model, open_index_encoder
from classwise.zoo.search.index_folder import IndexColumns, IndexFacts
from classwise.zoo.search.int8_embeddings import cosines

if TYPE_CHECKING:
    from classwise.zoo.datasets.open_image import Source
    from classwise.zoo.search.index_encoder import Model

# Images whose codes are nearest, at least as many as this, are ranked again by their vectors.
CANDIDATES = 1000


@dataclasses.dataclass(frozen=True)
class Hit:
    """One image that a search found.

    Args:
        item: its number in the index.
        name: its path below the folder that was indexed.
        distance: Hamming distance to the query, in bits.
        similarity: cosine of the vectors, None where there are none.
        class_name: its class, None where images have none.
    """

    item: int
    name: str
    distance: int
    similarity: float | None
    class_name: str | None


class Index:
    """The images of a folder by their codes; from `build_index` or `open_index`.

    Args:
        path: of the index.
        facts, columns: what it holds.
        model: the hasher, or where its file lies now. Defaults to the one that the index names,
            which is opened once it is needed.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        facts: IndexFacts,
        columns: IndexColumns,
        model: Model | None = None,
    ):
        self.path, self.facts, self.columns = Path(path), facts, columns
        self.model = facts.model if model is None else model

    def __len__(self) -> int:
        return self.facts.count

    def __repr__(self) -> str:
        model, bits = self.facts.model or "a hasher", self.facts.code_length
        return f"Index({self.path}, {len(self):,} images, {bits} bits of {model})"

    @cached_property
    def groups(self) -> CodeGroups:
        """The codes, equal ones grouped."""
        return CodeGroups(self.columns.codes, self.facts.code_length)

    @cached_property
    def items(self) -> dict[str, int]:
        """The number of every image by its name."""
        return {name: item for item, name in enumerate(self.columns.all_names())}

    @cached_property
    def encoder(self) -> IndexEncoder:
        """What turns queries into codes.

        Raises:
            InputError: the model is not where it was, or is another one.
        """
        if not self.model:
            raise InputError(
                f"{self.path} was made with a hasher that has no name; give it again: "
                "open_index(path, model=hasher)."
            )
        named = isinstance(self.model, str) and Path(self.model).is_absolute()
        if named and not Path(self.model).exists():
            raise InputError(
                f"The model of {self.path}, {self.model}, is gone; say where it is now "
                "(--model, open_index(path, model=...))."
            )
        check_model(self.path, self.facts, self.model)
        return open_index_encoder(self.model, self.facts.vectors)

    def search(
        self,
        images: Iterable[Source] | Source,
        *,
        k: int = 20,
        within: int | None = None,
        rerank: bool = True,
    ) -> list[list[Hit]]:
        """Finds the images nearest to others.

        Args:
            images: paths, bytes of files, binary file objects or PIL images; one alone counts as
                a list of one.
            k, within, rerank: see `search_codes`.

        Returns:
            for each image, what was found, the nearest first.

        Raises:
            InputError: an image that cannot be read, a k below 1, a radius outside 0..L, or a
                model that is gone.

        Example:

        >>> index = zoo.open_index("photos.index")  # doctest: +SKIP
        >>> index.search("query.jpg", k=1)  # doctest: +SKIP
        [[Hit(item=7, name='2020/rome/b.jpg', distance=3, similarity=0.97, class_name=None)]]
        """
        from classwise.zoo.datasets.read_images import read_images

        self.check_request(k, within)
        rows = self.encoder.encode(read_images(images, self.encoder.image_shape))
        return self.search_codes(rows["codes"], rows["vectors"], k=k, within=within, rerank=rerank)

    def search_items(
        self, items: Sequence[int], *, k: int = 20, within: int | None = None, rerank: bool = True
    ) -> list[list[Hit]]:
        """Finds the images nearest to images of the index, which need not be read for that.

        An image is not among its own neighbors. Arguments and errors as of `search_codes`.
        """
        chosen = np.asarray(items, np.intp)
        return self.search_codes(
            self.columns.codes[chosen],
            self.columns.vectors[chosen],
            k=k,
            within=within,
            rerank=rerank,
            themselves=chosen.tolist(),
        )

    def search_codes(
        self,
        codes: np.ndarray,
        vectors: np.ndarray | None = None,
        *,
        k: int = 20,
        within: int | None = None,
        rerank: bool = True,
        themselves: Sequence[int | None] | None = None,
    ) -> list[list[Hit]]:
        """Finds the images nearest to codes.

        The images whose codes are nearest, at least 1,000 of them and all that share a code with
        the last, are ordered by the cosine of their vectors, which tells apart what codes leave
        tied. Without vectors, or with `rerank=False`, the order is that of `CodeGroups`.

        Args:
            codes: of the queries, uint8 `[Q, ceil(L / 8)]`.
            vectors: of the queries, floats or int8 `[Q, D]`. Defaults to None: no second ranking.
            k: images a query; all of them where the index has fewer. Defaults to 20.
            within: only images at most so many bits away. Defaults to any.
            rerank: whether vectors order what codes found. Defaults to True.
            themselves: the number of each query in the index, which is left out of what it finds;
                None for one that is not in it. Defaults to none of them.

        Raises:
            InputError: codes or vectors of another length, a k below 1, a radius outside 0..L.
        """
        self.check_request(k, within)
        second = rerank and bool(self.facts.vectors) and vectors is not None
        if second and vectors.shape[1:] != (self.facts.vector_length,):
            raise InputError(
                f"vectors has shape {vectors.shape}; those of this index have "
                f"{self.facts.vector_length} components."
            )
        themselves = [None] * len(codes) if themselves is None else themselves
        pool = min(max(k + 1, CANDIDATES) if second else k + 1, len(self))
        found = self.groups.nearest(codes, pool, whole_groups=second)
        answers = []
        for row, (items, distances) in enumerate(zip(*found, strict=True)):
            kept = items != (-1 if themselves[row] is None else themselves[row])
            if within is not None:
                kept &= distances <= within
            items, distances = items[kept], distances[kept]
            similarities = None
            if second:
                similarities = cosines(vectors[row], self.columns.vectors[items])
                best = np.lexsort((items, distances, -similarities))[:k]
                items, distances, similarities = items[best], distances[best], similarities[best]
            answers.append(self._hits(items[:k], distances[:k], similarities))
        return answers

    def check_request(self, k: int, within: int | None) -> None:
        """Raises `InputError` unless so many images, so far away, can be asked for."""
        if (as_integer(k) or 0) < 1:
            raise InputError(f"k is {k!r}; it must be an integer from 1 on.")
        length = self.facts.code_length
        if within is not None and (as_integer(within) is None or not 0 <= within <= length):
            raise InputError(
                f"within is {within!r}; codes of {length} bits are 0 to {length} bits apart."
            )

    def _hits(
        self, items: np.ndarray, distances: np.ndarray, similarities: np.ndarray | None
    ) -> list[Hit]:
        cosine = [None] * len(items) if similarities is None else similarities.tolist()
        rows = zip(items.tolist(), distances.tolist(), cosine, strict=True)
        return [Hit(i, self.columns.name(i), d, s, self.class_name(i)) for i, d, s in rows]

    def class_name(self, item: int) -> str | None:
        """Returns the class of an image, None where images have none."""
        names = self.facts.class_names
        return names[int(self.columns.labels[item])] if names else None

    def file(self, item: int) -> Path:
        """Returns where an image lay when it was indexed."""
        return Path(self.facts.source, self.columns.name(item))
