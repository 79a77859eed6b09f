"""Encoding on the workers of a Ray cluster, or of this machine alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from classwise.zoo.datasets.image_sources import OpenedImages
from classwise.zoo.encoding.block_encoder import Block, DividedImages, check_names, divided
from classwise.zoo.encoding.onnx_encoder import OnnxEncoder
from classwise.zoo.encoding.onnx_session import check_providers
from classwise.zoo.encoding.ray_workers import encoded
from classwise.zoo.encoding.unfinished_parts import UnfinishedParts, blocks_begun, finished
from classwise.zoo.foundation.errors import InputError

# Of one block: large enough that handing it over takes no time beside it, small enough that a
# worker that dies has done little in vain.
BATCHES_A_BLOCK = 4


class RayOutcome(NamedTuple):
    """What a run did.

    Args:
        written: how many codes there are.
        earlier: images that an earlier run had done.
        skipped: names of broken images that were left out.
        engine: what encoded the last block; empty where nothing was left to do.
        code_length: bits of a code.
    """

    written: int
    earlier: int
    skipped: tuple[str, ...]
    engine: str
    code_length: int


def encode_on_ray(
    model: Path,
    images: OpenedImages,
    output: Path,
    *,
    embeddings: bool = False,
    batch_size: int = 256,
    workers: int | None = None,
    providers: Sequence[str] = ("cpu",),
    require_provider: bool = False,
    on_start: Callable[[int, str], None] = lambda images, where: None,
    progress: Callable[[int], None] = lambda images: None,
) -> RayOutcome:
    """Encodes images into a folder of Parquet parts, a worker a core or a GPU.

    The cluster is the one that runs on this machine or that RAY_ADDRESS names; without one, Ray is
    started here for the time. The images and the output must be where every worker sees them,
    under the same paths; the model is sent to the workers. What is done lies in the folder
    `OUTPUT.part`, which takes its place at the end; the same call goes on after an interruption.

    Args:
        model: an ONNX file.
        images: of `open_images`, in files or in Parquet.
        output: the folder to make.
        embeddings: whether to keep embeddings too. Defaults to False.
        batch_size: images at a time. Codes are those of `encode_to_file` with the same size.
        workers: how many. Defaults to one a core, or one a GPU, of the cluster.
        providers, require_provider: see `open_session`; with a GPU's first, a worker has a GPU.
        on_start: called with the number of images to encode, and the words for where.
        progress: called with the number of images of every block done.

    Raises:
        InputError: as `encode_to_file` does; Ray is not installed, or has not so many cores.
        OSError: the folder cannot be written.
    """
    providers = check_providers(providers)
    if not isinstance(images, DividedImages):
        raise InputError(
            "A split of a data set cannot be divided among workers; give a folder, a list of "
            "images (.txt) or Parquet, or encode with --engine local."
        )
    check_names(images)
    encoder = OnnxEncoder(model, threads=1)
    if embeddings and not encoder.has_embeddings:
        raise InputError("This model gives codes only; export it with its embedding output.")
    begun = blocks_begun(output).get("images a block")
    # As the folder was begun, so that its parts are of the same blocks.
    whole = isinstance(begun, int) and begun > 0 and begun % batch_size == 0
    size = begun if whole else BATCHES_A_BLOCK * batch_size
    blocks = list(divided(images, encoder.image_shape, size))
    run = {
        "model": encoder.identity,
        "images": identity_of(blocks),
        "embeddings": embeddings,
        "images a block": size,
        "batch size": batch_size,
    }
    manifest = finished(output, run)
    if manifest is not None:
        skipped = tuple(manifest["skipped"])
        return RayOutcome(manifest["rows"], images.count, skipped, "", encoder.code_length)
    with UnfinishedParts(output, run, blocks) as parts:
        engine = ""
        arguments = {
            "folder": str(parts.folder.absolute()),
            "batch_size": batch_size,
            "embeddings": embeddings,
            "providers": providers,
            "require_provider": require_provider,
        }
        if parts.missing:
            for done in encoded(model, arguments, parts.missing, workers, on_start):
                if done.error:
                    if done.changed:
                        parts.forget()
                    raise InputError(done.error)
                engine = done.engine
                progress(done.images)
        facts = {
            "model": encoder.identity,
            "code_length": encoder.code_length,
            "class_names": list(images.class_names),
        }
        earlier = parts.done
        written, skipped = parts.finish(facts)
    return RayOutcome(written, earlier, skipped, engine, encoder.code_length)


def identity_of(blocks: Sequence[Block]) -> str:
    """Returns what is the same for the same images in the same blocks only."""
    return hashlib.sha256(" ".join(block.identity for block in blocks).encode()).hexdigest()
