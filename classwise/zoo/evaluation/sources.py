"""What can be evaluated: a file of codes, or a model that encodes the images of a protocol.

Opening a source checks all that can be known before the first image is encoded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from classwise.zoo.datasets.protocols import ProtocolImages, get_protocol
from classwise.zoo.datasets.read_images import check_image_shape
from classwise.zoo.datasets.resized_images import resizing_of
from classwise.zoo.encoding.encoders import Encoder, open_encoder
from classwise.zoo.encoding.read_codes import is_codes
from classwise.zoo.evaluation.code_files import read_code_file, read_code_pair
from classwise.zoo.evaluation.encoder_with_material import EncoderWithMaterial
from classwise.zoo.evaluation.evaluate import EncodedSets, encode_protocol
from classwise.zoo.evaluation.image_sets import ImageSets, OwnImages
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import look_for
from classwise.zoo.presets import get_preset
from classwise.zoo.presets.find_model import PRESET, find_model
from classwise.zoo.retrieval.evaluation_input import check_request, check_sets

Progress = Callable[[int], None]


@dataclasses.dataclass(frozen=True)
class EvaluationSource:
    """One thing to evaluate.

    Args:
        name: a preset's name or a path, as it was given.
        code_length: bits L.
        queries, database: how many items ask, and how many each of them is ranked against.
        has_embeddings: whether it gives embeddings beside codes.
        engine: what computes the codes; empty for a file of codes.
        resizing: which size images are brought to, in words; empty where they have it.
        images: what is encoded; None for a file of codes.
        encode: returns the codes; it is told how many images are done.
    """

    name: str
    code_length: int
    queries: int
    database: int
    has_embeddings: bool
    engine: str
    resizing: str
    images: ProtocolImages | ImageSets | None
    encode: Callable[[Progress | None], EncodedSets]

    @property
    def encoded(self) -> int:
        """How many images are encoded: once each, where all ask each other."""
        alone = self.images is not None and self.images.database is self.images.queries
        return self.queries if alone else self.queries + self.database

    def check(
        self,
        top_k: Sequence[int] | None,
        radius: Sequence[int] | None,
        divisor: str,
        embeddings: bool,
    ) -> None:
        """Raises `InputError` where `evaluate` would, with these arguments."""
        check_request(
            top_k, radius, divisor, database_size=self.database, code_length=self.code_length
        )
        if embeddings and not self.has_embeddings:
            raise InputError(
                f"{self.name} gives codes only, so its embeddings cannot be ranked; leave "
                "--embeddings out, or evaluate the .keras file."
            )


def common_protocol(names: Sequence[str], asked: str | None) -> str | None:
    """Returns the name of the protocol that all are measured under; None for codes alone.

    Args:
        names: of presets or paths.
        asked: a protocol's name; without it, the one of the presets themselves.

    Raises:
        InputError: no such protocol or preset; a model needs a protocol, which codes alone cannot
            have; the presets' differ.
    """
    if asked is not None:
        protocol = get_protocol(asked).name
        if all(map(is_codes, names)):
            raise InputError(
                f"--protocol is {asked}, but {names[0]} holds codes, which do not tell of which "
                "images; leave --protocol out, or evaluate the model."
            )
        return protocol
    own = {name: _own_protocol(name) for name in names}
    if len(set(own.values())) > 1:
        described = ", ".join(f"{name} ({protocol or 'none'})" for name, protocol in own.items())
        raise InputError(
            f"Only results under one protocol can be compared, but each has its own: {described}; "
            "name the one to use with --protocol."
        )
    return own[names[0]]


def _own_protocol(name: str) -> str | None:
    if is_codes(name):
        return None
    if find_model(name).kind != PRESET:
        raise InputError(
            f"--protocol is needed for {name}, or images of your own (--images, or --queries and "
            "--database)."
        )
    return get_preset(name).protocol


def check_models(names: Sequence[str]) -> None:
    """Raises `InputError` for a model that is not there, before the first one takes its time.

    Nor do ONNX files wait for Keras to be told that their runtime is missing.
    """
    for name in names:
        if not is_codes(name) and find_model(name).kind == ".onnx":
            look_for("onnxruntime")


def open_sources(
    names: Sequence[str],
    protocol: str | None,
    data_dir: Path | None = None,
    own: OwnImages | None = None,
    database: Path | None = None,
) -> list[EvaluationSource]:
    """Opens all sources; then, if any of them is a model, loads the images of the protocol.

    Args:
        names: presets, `.keras` or `.onnx` files, or `.npz` files as `read_code_file` takes them.
        protocol: from `common_protocol`.
        data_dir: folder of TFDS data.
        own: images in place of the protocol's.
        database: `.npz` file that answers all the others, which `classwise encode` wrote as well.

    Raises:
        InputError: something missing, damaged, or of another shape than the others.
    """
    check_models(names)
    opened = [read_sets(name, database) if is_codes(name) else open_encoder(name) for name in names]
    with_models = not all(map(is_codes, names))
    images = own
    if with_models and own is None:
        images = get_protocol(protocol).load(data_dir)
    sources = [
        _code_source(name, it) if is_codes(name) else _model_source(name, it, images)
        for name, it in zip(names, opened, strict=True)
    ]
    if with_models:
        check_counts(sources)
    return sources


def check_counts(sources: Sequence[EvaluationSource]) -> None:
    """Raises `InputError` for codes that cannot be those of the images that models encode."""
    model = next(source for source in sources if source.engine)
    for source in sources:
        if (source.queries, source.database) != (model.queries, model.database):
            raise InputError(
                f"{source.name} holds codes of {source.queries:,} queries and of "
                f"{source.database:,} images in the database, but {model.name} encodes "
                f"{model.queries:,} and {model.database:,}, so these are other images; evaluate "
                "the codes alone."
            )


def read_sets(name: str, database: Path | None) -> EncodedSets:
    """Returns the codes of a file, or of one that asks and one that answers."""
    return read_code_file(Path(name)) if database is None else read_code_pair(Path(name), database)


def _code_source(name: str, sets: EncodedSets) -> EvaluationSource:
    checked = check_sets(
        sets.query_codes,
        sets.query_labels,
        sets.database_codes,
        sets.database_labels,
        sets.code_length,
    )
    return EvaluationSource(
        name,
        checked.code_length,
        len(checked.query_codes),
        len(checked.database_codes) - sets.leave_one_out,
        has_embeddings=sets.database_embeddings is not None,
        engine="",
        resizing="",
        images=None,
        encode=lambda progress: sets,
    )


def _model_source(
    name: str, encoder: Encoder, images: ProtocolImages | OwnImages
) -> EvaluationSource:
    words = ""
    if isinstance(images, OwnImages):
        images = images.resized(check_image_shape(encoder.image_shape))
    else:
        words = resizing_of(images.queries, check_image_shape(encoder.image_shape))
    alone = images.database is images.queries
    if alone and isinstance(images, ProtocolImages):
        encoder = EncoderWithMaterial(encoder)
    return EvaluationSource(
        name,
        encoder.code_length,
        len(images.queries),
        len(images.database) - alone,
        encoder.has_embeddings,
        encoder.engine,
        words,
        images,
        encode=lambda progress: encode_protocol(encoder, images, progress),
    )
