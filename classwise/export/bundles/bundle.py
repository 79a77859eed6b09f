"""Writing of a serving bundle: a folder that appears whole, proven, or not at all."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.bundles.source import BundleSource
from classwise.export.bundles.tensorflow_serving import write_tensorflow_serving
from classwise.export.bundles.triton import write_triton
from classwise.export.bundles.web import write_web
from classwise.export.formats.report import ExportReport
from classwise.export.graph.float32 import in_float32
from classwise.export.proof.parity import Parity
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder

if TYPE_CHECKING:
    import os

    from classwise.zoo import Hasher
    from classwise.zoo.datasets import LabeledImages


@dataclass(frozen=True)
class Bundle:
    """A kind of bundle.

    Attributes:
        model: where the model stands in the folder.
        write_model: writes it there.
        write: writes all else into the empty folder.
        start: the command that serves it.
        format: the name of the model's.
    """

    model: str
    write_model: Callable[[BundleSource, Path], ExportReport]
    write: Callable[[BundleSource, Path], None]
    start: str
    format: str = "onnx"


BUNDLES = {
    "triton": Bundle(
        "{name}/1/model.onnx",
        BundleSource.write_onnx,
        write_triton,
        "tritonserver --model-repository={path}",
    ),
    "tensorflow-serving": Bundle(
        "{name}/1",
        BundleSource.write_saved_model,
        write_tensorflow_serving,
        "tensorflow_model_server --rest_api_port=8501 --model_name={name} "
        "--model_base_path={absolute}/{name}",
        format="saved_model",
    ),
    "web": Bundle(
        "model.onnx",
        BundleSource.write_onnx,
        write_web,
        "python -m http.server --directory {path}",
    ),
}


@dataclass(frozen=True)
class BundleReport:
    """A written bundle.

    Attributes:
        kind: "triton", "tensorflow-serving" or "web".
        path: the folder.
        name: what the server calls the model.
        files, bytes: how many files there are, and their size.
        parity: how the model in it compares with Keras.
        start: the command that serves it.
        cpu_only_operators: as in `ExportReport`.
    """

    kind: str
    path: Path
    name: str
    files: int
    bytes: int
    parity: Parity
    start: str
    cpu_only_operators: dict[str, list[str]]

    def to_dict(self) -> dict:
        """Returns the report in JSON types."""
        return vars(self) | {"path": str(self.path), "parity": self.parity.to_dict()}


def write_bundle(
    kind: str,
    hasher: Hasher,
    path: str | os.PathLike,
    *,
    name: str = "hasher",
    force: bool = False,
    metadata: Mapping[str, object] | None = None,
    gallery: LabeledImages | str | os.PathLike | None = None,
    web_runtime: str | os.PathLike | None = None,
) -> BundleReport:
    """Writes a hasher as a folder to serve, after its runtime gave the same bits as Keras.

    Args:
        kind: "triton" (a model repository), "tensorflow-serving" (a versioned SavedModel) or "web"
            (a static page that hashes and ranks in the browser).
        hasher: the model; Keras must run on TensorFlow.
        path: the folder to write; it must not exist, or be empty.
        name: what the server calls the model, such as the preset's name. Characters other than
            letters, digits, ".", "_" and "-" become "_". Defaults to "hasher".
        force: replace a folder that classwise wrote. Defaults to False.
        metadata: facts about the model, shown by the page and kept in the ONNX file.
        gallery: for "web", the images to rank: a folder, or labeled images, which are resized; at
            most 2,000 are taken. Defaults to a bundled sample: photographs of clothes, or
            Fashion-MNIST for hashers of its size.
        web_runtime: for "web", a folder with onnxruntime-web's files. Defaults to what npm fetches.

    Raises:
        InputError: an unknown kind, a folder that is not empty, an argument of another kind of
            bundle, a gallery that cannot be read, or onnxruntime-web cannot be had.
        ParityError: the exported model computes something else; nothing is written.
        OSError: the folder cannot be written; nothing is left behind.
    """
    if kind not in BUNDLES:
        raise unknown_name("bundle", kind, BUNDLES)
    for argument, value in (("gallery", gallery), ("web_runtime", web_runtime)):
        if value is not None and kind != "web":
            raise InputError(f"{argument} is {value}, but a {kind} bundle has none; leave it out.")
    path = Path(path)
    check_new_folder(
        path, "a bundle", "bundle", force, "replace what classwise wrote with force=True (--force)"
    )
    name = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII).strip(".") or "hasher"
    source = BundleSource(in_float32(hasher), name, dict(metadata or {}), gallery, web_runtime)
    with replacing_folder(path, "a bundle") as folder:
        BUNDLES[kind].write(source, folder)
        exported = BUNDLES[kind].write_model(source, folder / BUNDLES[kind].model.format(name=name))
    files = [file for file in path.rglob("*") if file.is_file()]
    return BundleReport(
        kind,
        path,
        name,
        len(files),
        sum(file.stat().st_size for file in files),
        exported.parity,
        start_command(kind, path, name),
        exported.cpu_only_operators,
    )


def start_command(kind: str, path: Path, name: str) -> str:
    """Returns the command that serves a bundle.

    Example:

    >>> start_command("web", Path("my page"), "tiny")
    "python -m http.server --directory 'my page'"
    """
    # TensorFlow Serving takes absolute paths only.
    return BUNDLES[kind].start.format(
        path=shlex.quote(str(path)), absolute=shlex.quote(str(path.absolute())), name=name
    )
