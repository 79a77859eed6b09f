"""Images, or files of codes, that `classwise evaluate` is given in place of a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.zoo.commands.image_options import opened
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    import argparse

    from classwise.zoo.evaluation.image_sets import OwnImages


def queries_are_the_model(options: argparse.Namespace) -> None:
    """Lets a file of codes ask that is given by --queries, without a model."""
    if not options.models and options.queries:
        from classwise.zoo.encoding.read_codes import is_codes

        if is_codes(options.queries):
            options.models, options.queries = [options.queries], None


def own_images(options: argparse.Namespace) -> OwnImages | None:
    """Returns the images that are given in place of a protocol's, checked; None without any.

    Raises:
        InputError: options that do not go together, or images that are not there.
    """
    from classwise.zoo.encoding.read_codes import is_codes

    code_files = [model for model in options.models if is_codes(model)]
    given = [name for name in ("images", "queries", "database") if getattr(options, name)]
    if not given:
        return None
    if options.protocol:
        raise InputError(
            f"--{given[0]} gives images of one's own, and --protocol those of a protocol; leave "
            "one of them out."
        )
    if len(code_files) == len(options.models) and given == ["database"]:
        if not is_codes(options.database):
            raise InputError(
                f"{options.models[0]} holds codes, and --database is {options.database}; give the "
                ".npz file of its codes."
            )
        return None
    if code_files:
        raise InputError(
            f"{code_files[0]} holds codes, which need no images; leave --{given[0]} out, or name a "
            "model."
        )
    if given not in (["images"], ["queries", "database"]):
        found = f"--{' and --'.join(given)} are given together"
        if len(given) == 1:
            found = f"Only --{given[0]} is given"
        raise InputError(
            f"{found}; give --images alone, where every image asks all the others, or --queries "
            "and --database."
        )

    from classwise.zoo.evaluation.image_sets import OwnImages

    images = [opened(options, getattr(options, name), labeled=True) for name in given]
    if given == ["images"]:
        return OwnImages(images[0], None, f"every image of {options.images} asks all the others")
    return OwnImages(*images, f"{options.queries} asks, {options.database} answers")
