"""The program of a transfer: a request as JSON on its stdin, where the file lies on its stdout."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urljoin, urlsplit

CONNECT_SECONDS, SILENT_SECONDS = 10, 30
RETRIES = 2
# What may have passed when asked again; 429 asks for that in so many words.
PASSING = (408, 425, 429, 500, 502, 503, 504)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# What the disk complains of, and not the network.
OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG, errno.EPERM)


class Refused(Exception):
    """An answer that no further attempt would change."""


def fetch_url(url: str, name: str, folder: str, bars: bool) -> str:
    """Fetches a URL into `folder/name`, up to three times where that may help."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = pooch.HTTPDownloader(
        progressbar=bars,
        chunk_size=1 << 16,
        timeout=(CONNECT_SECONDS, SILENT_SECONDS),
        hooks={"response": check_answer},
        headers={
            "User-Agent": f"classwise/{version('classwise')}",
            "Accept-Encoding": "identity",
        },
    )
    files = pooch.create(
        folder, base_url="", registry={name: None}, urls={name: url}, retry_if_failed=RETRIES
    )
    return files.fetch(name, downloader=downloader)


def check_answer(response, **settings) -> None:
    """Raises `Refused` for a redirect out of encryption, and for what a retry would not change."""
    if response.is_redirect:
        target = urljoin(response.url, response.headers["Location"])
        if not is_as_safe(response.url, target):
            raise Refused(f"redirects to {without_secrets(target)}, which is refused")
    elif response.status_code != 200 and response.status_code not in PASSING:
        raise Refused(f"answers {response.status_code} {response.reason}".rstrip())


def is_as_safe(url: str, target: str) -> bool:
    """Returns whether a redirect stays encrypted, or on this machine where it began there."""
    start, end = urlsplit(url), urlsplit(target)
    both_local = start.hostname in LOCAL_HOSTS and end.hostname in LOCAL_HOSTS
    return end.scheme == "https" or (end.scheme == start.scheme == "http" and both_local)


def fetch_hub_file(
    repository: str, revision: str | None, file: str, folder: str, bars: bool
) -> str:
    """Fetches a file of a hub's model repository into the folder."""
    import huggingface_hub

    return huggingface_hub.hf_hub_download(repository, file, revision=revision, local_dir=folder)


def fetch_into_hub_cache(
    repository: str,
    revision: str | None,
    patterns: list[str],
    most: int,
    cached: bool,
    folder: str,
    bars: bool,
) -> str:
    """Fetches files of a hub's model repository, of so many bytes at most, into the hub's cache.

    With `cached`, only looks for them there. Without a hub to ask, what is cached is taken.
    """
    import huggingface_hub

    if not cached:
        try:
            check_sizes(repository, revision, patterns, most)
        except Refused:
            raise
        except Exception:  # of whichever HTTP library; the same follows, or the cache is taken
            logging.debug("The sizes of %s are unknown.", repository, exc_info=True)
    return huggingface_hub.snapshot_download(
        repository, revision=revision, allow_patterns=patterns, local_files_only=cached
    )


def check_sizes(repository: str, revision: str | None, patterns: list[str], most: int) -> None:
    """Raises `Refused` if a hub says that the files asked for are too large together."""
    import huggingface_hub
    from huggingface_hub.utils import filter_repo_objects

    about = huggingface_hub.HfApi().model_info(repository, revision=revision, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in about.siblings or ()}
    needed = sum(sizes[name] for name in filter_repo_objects(sizes, allow_patterns=patterns))
    if needed > most:
        raise Refused(f"has {needed:,} bytes of files, above the {most:,} that are allowed")


KINDS = {each.__name__: each for each in (fetch_url, fetch_hub_file, fetch_into_hub_cache)}


def without_secrets(text: str) -> str:
    """Returns a text without the passwords and signatures of the URLs in it."""
    return re.sub(r"[?#][^\s']*", "", re.sub(r"//[^/@\s]*@", "//", text))


def reason(error: BaseException) -> str:
    """Returns in one line what went wrong, in the words of whoever noticed it first."""
    found = str(error) or type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
            return "does not answer in time"
        if isinstance(cause, OSError) and cause.strerror:
            found = cause.strerror
        cause = cause.__cause__ or cause.__context__
    return without_secrets(found.strip().splitlines()[0])[:200]


def main() -> None:
    request = json.load(sys.stdin)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if not request["bars"]:
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    kind, answer = KINDS[request.pop("kind")], {}
    # What a library prints is not the answer.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            answer["path"] = str(Path(kind(**request)))
        except Exception as error:
            answer["error"] = reason(error)
            if isinstance(error, OSError) and error.errno in OF_THE_DISK:
                answer["errno"] = error.errno
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
