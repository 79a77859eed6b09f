"""onnxruntime-web, the runtime of the web bundle: three files of one pinned npm package."""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from classwise.zoo.foundation.errors import InputError

PACKAGE = "onnxruntime-web@1.30.0"
INTEGRITY = (
    "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7Qm"
    "RMDs1SigqR4CXAfKYQ=="
)
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
REMEDY = (
    f"run `npm pack {PACKAGE}` where it works, unpack it, and name its dist folder with "
    "--web-runtime (web_runtime=)"
)
SOURCE = "{origin}, unchanged. Copyright Microsoft Corporation, MIT license.\n"


def write_runtime(folder: Path, source: str | os.PathLike | None = None) -> None:
    """Writes the three files into a new folder.

    Args:
        folder: made here.
        source: a folder that has the files, such as `node_modules/onnxruntime-web/dist`. Defaults
            to the pinned package, fetched by npm and compared with its recorded SHA-512.

    Raises:
        InputError: a file is missing from `source`; npm is missing or fails; another package came.
    """
    folder.mkdir()
    if source is None:
        origin = PACKAGE
        with tempfile.TemporaryDirectory() as temporary:
            extract(fetch_package(Path(temporary)), folder)
    else:
        origin = "onnxruntime-web"
        missing = [name for name in FILES if not (Path(source) / name).is_file()]
        if missing:
            raise InputError(
                f"{source} has no {missing[0]}; name the dist folder of onnxruntime-web, which "
                f"holds {', '.join(FILES)}."
            )
        for name in FILES:
            shutil.copyfile(Path(source) / name, folder / name)
    (folder / "ORIGIN.txt").write_text(SOURCE.format(origin=origin), encoding="utf-8")


def fetch_package(folder: Path) -> Path:
    """Returns the package's archive, which npm puts into `folder`, its SHA-512 checked."""
    npm = shutil.which("npm")
    if npm is None:
        raise InputError(
            f"the web bundle needs {PACKAGE}, and npm is not installed; install npm, or {REMEDY}."
        )
    command = [npm, "pack", PACKAGE, "--ignore-scripts", "--prefer-offline", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    archive = next(folder.glob("*.tgz"), None)
    if done.returncode or archive is None:
        reason = next(iter(done.stderr.strip().splitlines()), "no reason given")[:200]
        raise InputError(f"npm cannot fetch {PACKAGE} ({reason}); {REMEDY}.")
    digest = hashlib.sha512(archive.read_bytes()).digest()
    found = "sha512-" + base64.b64encode(digest).decode()
    if found != INTEGRITY:
        raise InputError(
            f"npm fetched another {PACKAGE} than the recorded one ({found[:20]}..., not "
            f"{INTEGRITY[:20]}...); {REMEDY}."
        )
    return archive


def extract(archive: Path, folder: Path) -> None:
    """Takes the three files out of the package's archive."""
    with tarfile.open(archive) as package:
        for name in FILES:
            with (folder / name).open("wb") as file:
                shutil.copyfileobj(package.extractfile(f"package/dist/{name}"), file)
