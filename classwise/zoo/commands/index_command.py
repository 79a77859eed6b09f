"""Make an index of a folder of photos, or bring one up to date.

The same command again encodes only what is new or changed, and forgets what is gone. After an
interruption it goes on from there.
"""

import argparse
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.commands.fit_command import fit_and_save
from classwise.zoo.commands.image_options import note_others, note_skipped
from classwise.zoo.commands.photo_options import add_photo_options
from classwise.zoo.commands.serve_command import HOST, PORT, serve
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import counted, print_json, print_note

DEFAULT_MODEL = "dcwh_efficientnet_lite0_photos_128"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="a folder, at any depth")
    parser.add_argument(
        "--output",
        "-o",
        type=Path,
        required=True,
        metavar="PHOTOS.index",
        help="the index, a folder that is made",
    )
    model = parser.add_mutually_exclusive_group()
    model.add_argument(
        "--model",
        metavar="MODEL",
        help="a preset's name, a .keras file or an exported .onnx file "
        f"(default: {DEFAULT_MODEL}; an index that is there knows its own)",
    )
    model.add_argument(
        "--fit",
        action="store_true",
        help="fit a hasher to the photos first, without labels, which finds better than "
        "the presets for any photos; it is written beside the index, as PHOTOS.index.keras",
    )
    parser.add_argument(
        "--labels",
        choices=("folders",),
        help="keep as class of every image the sub-folder that it lies in",
    )
    parser.add_argument(
        "--features",
        action="store_const",
        const=True,
        help="rank again by the features of the model's backbone (a preset or a .keras file), "
        "which tell more apart than its embedding and take more room",
    )
    parser.add_argument(
        "--thumbnails",
        action="store_const",
        const=True,
        help="keep a small picture of every image, for where the photos are not",
    )
    parser.add_argument(
        "--codes",
        type=Path,
        metavar="CODES",
        help="codes of these photos that `classwise encode` wrote, a file or a folder, so that "
        "they need not be encoded again",
    )
    add_photo_options(parser)
    after = parser.add_mutually_exclusive_group()
    after.add_argument("--json", action="store_true", help="print the outcome as JSON")
    after.add_argument(
        "--serve",
        action="store_true",
        help="then show the page that searches it, as `classwise serve` does, until Ctrl-C",
    )


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.search.build_index import update_index

    if options.fit and options.codes is not None:
        raise InputError(
            "--codes are those of a model that is there, and --fit makes another; name that model "
            "(--model)."
        )
    start = time.perf_counter()
    model = fitted_model(options) if options.fit else options.model or default_model(options.output)
    with noting_what_is_done(options.output), contextlib.ExitStack() as exits:
        advance = None

        def on_start(images: int, engine: str) -> None:
            nonlocal advance
            print_note(f"Encoding {counted(images, 'image')} with {engine}.")
            advance = exits.enter_context(count_bar("Encoding", images))

        update = update_index(
            model,
            options.photos,
            options.output,
            labeled=options.labels is not None or None,
            features=options.features,
            thumbnails=options.thumbnails,
            codes=options.codes,
            skip_bad_files=options.skip_bad_files,
            max_pixels=options.max_pixels,
            on_start=on_start,
            progress=lambda images: advance(images),
        )
    seconds = time.perf_counter() - start
    note_others(update.others)
    note_skipped(update.skipped)
    index = update.index
    if update.unused:
        print_note(f"{counted(update.unused, 'code')} of {options.codes} left out: no such photo.")
    if options.codes is not None and not index.facts.vectors:
        print_note(
            f"{options.codes} holds no embeddings, so that photos at the same distance stay in no "
            "order; encode with --embeddings to have them ranked."
        )
    if options.json:
        print_json(
            {
                "index": str(index.path),
                "images": len(index),
                "encoded": update.encoded,
                "known": update.known,
                "forgotten": update.forgotten,
                "skipped": len(update.skipped),
                "other_files": len(update.others),
                "model": index.facts.model,
                "code_length": index.facts.code_length,
                "vectors": index.facts.vectors,
                "class_names": list(index.facts.class_names),
                "seconds": seconds,
            }
        )
    else:
        print(
            f"{index.path}: {counted(len(index), 'image')}; {update.encoded:,} encoded, "
            f"{update.known:,} known, {update.forgotten:,} forgotten; {seconds:.1f} s."
        )
    if options.serve:
        serve(index, HOST, PORT, options.max_pixels)
    return 0


@contextlib.contextmanager
def noting_what_is_done(output: Path) -> Iterator[None]:
    """Says how to go on after an interruption."""
    from classwise.zoo.encoding.unfinished_codes import images_done, part_folder

    try:
        yield
    except (KeyboardInterrupt, OSError):
        done = images_done(output)
        if done:
            print_note(
                f"Done so far: {counted(done, 'image')}; run the same command again to go on from "
                f"{part_folder(output)}."
            )
        raise


def default_model(path: Path) -> str:
    """Returns the model of an index that is there, or the zoo's for any photos."""
    from classwise.zoo.search.open_index import open_index

    if path.exists():
        known = open_index(path).facts.model
        if not known:
            raise InputError(
                f"{path} was made in Python with a hasher that has no name; give its file by "
                "--model."
            )
        return known
    print_note(
        f"Codes of {DEFAULT_MODEL}, which knows photos of anything; --fit finds better, by a "
        "hasher that is fitted to these."
    )
    return DEFAULT_MODEL


def fitted_model(options: argparse.Namespace) -> Path:
    """Fits a hasher to the photos of a new index, and returns the file beside it.

    Raises:
        InputError: the index was made with another model, or there are too few photos.
    """
    from classwise.zoo.datasets.image_sources import open_images
    from classwise.zoo.fitting.fitting_request import FittingRequest, check_enough
    from classwise.zoo.foundation.files import resolved
    from classwise.zoo.search.earlier_index import earlier_index

    path = options.output.with_name(f"{options.output.name}.keras")
    earlier = earlier_index(options.output, resolved(options.photos))
    if earlier is not None and Path(earlier.facts.model) != path.absolute():
        raise InputError(
            f"{options.output} was made with {earlier.facts.model or 'another hasher'}; leave "
            "--fit out, or make another index."
        )
    if path.exists():
        print_note(f"{path} was fitted before, and is used; delete it and the index to fit anew.")
        return path
    images = open_images(
        options.photos, skip_bad_files=options.skip_bad_files, max_pixels=options.max_pixels
    )
    check_enough(images.count)
    fit_and_save(images, FittingRequest(), path)
    return path
