"""Serve a web page that searches an index.

Photos are read, and thumbnails made, when they are asked for. Other machines do not reach the page
unless --host says so. Stop it with Ctrl-C.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.number_ranges import PIXELS, WholeNumbers
from classwise.zoo.foundation.printing import print_note

if TYPE_CHECKING:
    from classwise.zoo.search.index import Index

HOST, PORT = "127.0.0.1", 8000
PORTS = WholeNumbers(0, 65_535)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("index", type=Path, metavar="INDEX", help="what `classwise index` wrote")
    parser.add_argument(
        "--host",
        default=HOST,
        metavar="ADDRESS",
        help="the address to listen on (default: 127.0.0.1, this machine alone); whoever reaches "
        "it sees the photos",
    )
    parser.add_argument(
        "--port",
        type=PORTS.parse,
        default=PORT,
        metavar="P",
        help="the port; 0 takes a free one (default: 8000)",
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="where the model of the index lies now, if it was moved"
    )
    parser.add_argument(
        "--max-pixels",
        type=PIXELS.parse,
        metavar="N",
        help="largest width times height of an image that is sent (default: 100 million)",
    )


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.search.open_index import open_index

    index = open_index(options.index, options.model)
    serve(index, options.host, options.port, options.max_pixels)
    return 0


def serve(index: Index, host: str, port: int, max_pixels: int | None) -> None:
    """Serves an index until Ctrl-C.

    Args:
        index: what is asked.
        host, port: where to listen; 0 takes a free port.
        max_pixels: largest width times height of an image that is sent, None for the default.

    Raises:
        InputError: it cannot be listened there.
    """
    from classwise.zoo.search.photo_server import PhotoServer

    try:
        server = PhotoServer(index, host, port, max_pixels)
    except OSError as error:
        raise InputError(
            f"{host} port {port} cannot be listened on ({error.strerror}); give another --port, "
            "such as 0 for a free one, or another --host."
        ) from error
    with server:
        server.prepare()
        if not server.is_local:
            print_note("Whoever reaches this address sees the photos of the index.")
        try:
            print(f"{index.path} at {server.url} (Ctrl-C stops it)", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print_note("Stopped.")
