"""A web server over an index: its page, searches, and thumbnails made when they are asked for."""

from __future__ import annotations

import base64
import functools
import ipaddress
import socket
import threading
from http.server import ThreadingHTTPServer

import numpy as np

from classwise.zoo.foundation.printing import printable
from classwise.zoo.search.index import Hit, Index
from classwise.zoo.search.photo_requests import PhotoHandler
from classwise.zoo.search.thumbnails import thumbnail

MOST_PIXELS = 100_000_000
THUMBNAILS_KEPT = 4096


class PhotoServer(ThreadingHTTPServer):
    """Serves an index; `serve_forever` runs until `shutdown`.

    Args:
        index: from `open_index`.
        host: the address to listen on. Defaults to the loopback one, which other machines do not
            reach.
        port: 0 takes a free one. Defaults to 8000.
        max_pixels: see `read_images`, for uploads. Defaults to 100 million.

    Raises:
        OSError: the address is taken, or may not be listened on.
    """

    daemon_threads = True

    def __init__(
        self,
        index: Index,
        host: str = "127.0.0.1",
        port: int = 8000,
        max_pixels: int | None = None,
    ):
        self.index, self.max_pixels = index, max_pixels or MOST_PIXELS
        self.encoding = threading.Lock()
        self.thumbnail = functools.lru_cache(THUMBNAILS_KEPT)(self._thumbnail)
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), PhotoHandler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{f'[{host}]' if ':' in str(host) else host}:{port}/"

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server."""
        return ipaddress.ip_address(self.server_address[0]).is_loopback

    def prepare(self) -> None:
        """Loads what the first search would wait for."""
        _ = self.index.groups, self.index.encoder

    def about(self) -> dict[str, object]:
        """Returns what the page says of the index."""
        facts = self.index.facts
        return {
            "name": printable(self.index.path.name),
            "source": printable(facts.source),
            "model": printable(facts.model),
            "count": len(self.index),
            "code_length": facts.code_length,
            "vectors": facts.vectors,
            "class_names": [printable(name) for name in facts.class_names],
        }

    def some_items(self, count: int, label: int | None, seed: int) -> dict[str, object]:
        """Returns some images, chosen by a seed and, where one is given, by class."""
        random, columns = np.random.default_rng(seed), self.index.columns
        among = None if label is None else np.flatnonzero(columns.labels == label)
        total = len(self.index) if among is None else len(among)
        chosen = random.choice(total, min(count, total), replace=False)
        items = np.sort(chosen if among is None else among[chosen])
        return {"total": total, "items": [self.described(item) for item in items.tolist()]}

    def described(self, item: int) -> dict[str, object]:
        name = self.index.class_name(item)
        return {
            "item": item,
            "name": printable(self.index.columns.name(item)),
            "class_name": None if name is None else printable(name),
        }

    def near_item(self, item: int, k: int) -> dict[str, object]:
        """Returns what lies near an image of the index."""
        (hits,) = self.index.search_items([item], k=k)
        return {"query": self.described(item), "hits": self._found(hits)}

    def near_upload(self, image: bytes, k: int) -> dict[str, object]:
        """Returns what lies near an image that was sent, and a thumbnail of it."""
        from classwise.zoo.datasets.read_images import read_images

        shape = self.index.encoder.image_shape
        pixels = read_images(image, shape, max_pixels=self.max_pixels)
        shown = base64.b64encode(thumbnail(image, max_pixels=self.max_pixels)).decode("ascii")
        with self.encoding:
            rows = self.index.encoder.encode(pixels)
        (hits,) = self.index.search_codes(rows["codes"], rows["vectors"], k=k)
        query = {"item": None, "picture": f"data:image/jpeg;base64,{shown}"}
        return {"query": query, "hits": self._found(hits)}

    def _found(self, hits: list[Hit]) -> list[dict[str, object]]:
        return [
            {**self.described(h.item), "distance": h.distance, "similarity": h.similarity}
            for h in hits
        ]

    def _thumbnail(self, item: int) -> bytes:
        return self.index.columns.thumbnail(item) or thumbnail(self.index.file(item))
