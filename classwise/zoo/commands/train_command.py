"""Train a hasher from a recipe. Run the same command again to go on after an interruption."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import errno
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.commands.list_options import (
    add_list_options,
    lists_of_training,
    lists_to_learn,
)
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.number_ranges import (
    BATCH_SIZES,
    CODE_LENGTHS,
    EPOCHS,
    IMAGE_SIDES,
    SEEDS,
)
from classwise.zoo.foundation.printing import counted, print_json, print_note
from classwise.zoo.foundation.quiet import start_tensorflow

if TYPE_CHECKING:
    from classwise.zoo.datasets.listed_images import ListedImages
    from classwise.zoo.training.recipe import Recipe
    from classwise.zoo.training.run_directory import RunDirectory


FOLDER_RECIPE = "folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from classwise.zoo.methods import METHODS
    from classwise.zoo.training.recipe_files import recipe_choices

    parser.epilog = f"Bundled recipes: {' '.join(recipe_choices())}"
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        nargs="?",
        help="a bundled recipe's name, or a .toml file; with --images or --lists the recipe folder",
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="your own photos: a folder with one sub-folder a class",
    )
    add_list_options(parser, learns=True)
    parser.add_argument(
        "--output", "-o", type=Path, metavar="DIR", help="folder of the training (runs/NAME)"
    )
    parser.add_argument(
        "--code-length", type=CODE_LENGTHS.parse, metavar="L", help="bits, not the recipe's"
    )
    methods = " or ".join(METHODS)
    parser.add_argument("--method", metavar="NAME", help=f"{methods}, not the recipe's")
    parser.add_argument(
        "--trunk",
        metavar="NAME",
        help="trained backbone to start from, not the recipe's; `classwise list` ends with them",
    )
    parser.add_argument(
        "--image-size",
        type=IMAGE_SIDES.parse,
        metavar="S",
        help="pixels S x S of images, not the recipe's",
    )
    parser.add_argument(
        "--epochs", type=EPOCHS.parse, metavar="E", help="of all stages together, not the recipe's"
    )
    parser.add_argument(
        "--batch-size", type=BATCH_SIZES.parse, metavar="B", help="images, not the recipe's"
    )
    parser.add_argument("--seed", type=SEEDS.parse, metavar="S", help="not the recipe's")
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder of TFDS data (~/tensorflow_datasets)"
    )
    parser.add_argument(
        "--features",
        type=Path,
        metavar="DIR",
        help="keep the cached features of frozen layers, or a teacher's, there for other recipes",
    )
    parser.add_argument(
        "--skip-bad-files", action="store_true", help="leave unreadable files of --images out"
    )
    parser.add_argument("--no-tensorboard", action="store_true", help="write no TensorBoard log")
    parser.add_argument("--quiet", "-q", action="store_true", help="one line an epoch, no bar")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.datasets.listed_protocols import ANY_LISTS
    from classwise.zoo.presets.registry import get_trunk
    from classwise.zoo.training.learning_images import FOLDER_PROTOCOL, check_source
    from classwise.zoo.training.recipe_files import read_recipe
    from classwise.zoo.training.run_directory import RunDirectory

    if options.recipe is None and options.images is None and options.lists is None:
        raise InputError(
            "Name a recipe, or give --images DIR, a folder of photos with one sub-folder a class, "
            "or --lists FILE; --help lists the bundled recipes."
        )
    lists = lists_of_training(options)
    recipe = read_recipe(
        options.recipe or FOLDER_RECIPE,
        code_length=options.code_length,
        method=options.method,
        trunk=options.trunk,
        backbone=None if options.trunk is None else get_trunk(options.trunk).backbone,
        image_size=options.image_size,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
    )
    if lists is not None and recipe.protocol == FOLDER_PROTOCOL:
        recipe = dataclasses.replace(recipe, protocol=ANY_LISTS)
    check_source(recipe, options.images)
    listed = lists_to_learn(recipe, lists)
    with RunDirectory(options.output or Path("runs") / run_name(options, recipe), recipe) as run:
        return train_and_tell(run, options, listed)


def run_name(options: argparse.Namespace, recipe: Recipe) -> str:
    """Returns what a training's folder is called: as the images, where no recipe was named."""
    if options.recipe is not None:
        return recipe.name
    if options.images is not None:
        return options.images.resolve().name
    return Path(options.lists).resolve().parent.name or recipe.name


def train_and_tell(
    run: RunDirectory, options: argparse.Namespace, listed: ListedImages | None
) -> int:
    """Trains in a folder that is open, and prints what came of it; returns the exit status."""
    from classwise.zoo.training import learning_images
    from classwise.zoo.training.run_directory import selected_epoch

    recipe = run.recipe
    print_note(f"{recipe.name}: reading the images ...")
    # Whatever is printed on the way is no result.
    with contextlib.redirect_stdout(sys.stderr):
        training, validation = learning_images.learning_images(
            recipe, options.data_dir, options.images, options.skip_bad_files, listed
        )
        for name in training.skipped[:10]:
            print_note(f"skipped {name}: not a readable image")
        if training.skipped:
            print_note(f"{counted(len(training.skipped), 'file')} skipped")
        print_note(
            f"Training images: {len(training):,}. Validation images: {len(validation):,}. "
            f"Epochs: {recipe.epochs}. Folder: {run.path}."
        )
        start_tensorflow()

        import tensorflow as tf

        from classwise.zoo.training.training_loop import train_in

        try:
            model = train_in(
                run,
                training,
                validation,
                features=options.features,
                tensorboard=not options.no_tensorboard,
                verbose=2 if options.quiet else 1,
            )
        except tf.errors.OpError as error:  # TensorBoard's writer, on a disk that is full or gone
            reason = str(error).splitlines()[0]
            raise OSError(errno.EIO, reason, str(run.path)) from error
        except OSError as error:  # writing a model to a full disk, Keras names no file
            error.filename = error.filename or str(run.path)
            raise
        except KeyboardInterrupt:
            print_note(
                f"\nclasswise train: interrupted after {len(run.log)} of "
                f"{recipe.epochs} epochs; run the same command again to go on from there."
            )
            return 130
    best = selected_epoch(run.log)
    selected = {key: best[key] for key in ("epoch", "val_accuracy")}
    if options.json:
        document = {"model": str(model), "recipe": recipe.to_dict(), "selected": selected}
        print_json({**document, "lists": listed.facts} if listed else document)
    else:
        print(
            f"Trained {model}: epoch {best['epoch']}, validation accuracy "
            f"{best['val_accuracy']:.4f}."
        )
        highest = max(run.log, key=lambda line: line["val_accuracy"])
        if highest["val_accuracy"] > best["val_accuracy"]:
            print_note(
                f"Epoch {highest['epoch']}, of an earlier stage, had "
                f"{highest['val_accuracy']:.4f}. Only models of the last stage are kept; more "
                "--epochs, larger images or more of them help it."
            )
        print(f"Next: {next_command(model, options, recipe.protocol)}")
    return 0


def next_command(model: Path, options: argparse.Namespace, protocol: str) -> str:
    """Returns what one would run after a training: no protocol covers a folder of one's own."""
    from classwise.zoo.datasets.listed_protocols import ANY_LISTS, is_of_lists

    if is_of_lists(protocol):
        words = ["evaluate", model]
        for role in ("queries", "database"):
            words += [f"--{role}", getattr(options, role) or f"{role}.txt"]
        words += ["--root", options.root] if options.root else []
        words += [] if protocol == ANY_LISTS else ["--protocol", protocol]
    elif options.images is None:
        words = ["evaluate", model, "--protocol", protocol]
        words += ["--data-dir", options.data_dir] if options.data_dir else []
    else:
        words = ["encode", model, options.images, "--output", "codes.npz"]
        words += ["--skip-bad-files"] if options.skip_bad_files else []
    return shlex.join(["classwise", *map(str, words)])
