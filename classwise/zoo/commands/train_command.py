"""Train a hasher from a recipe. Run the same command again to go on after an interruption."""

import argparse
import contextlib
import errno
import shlex
import sys
from pathlib import Path

from classwise.zoo.foundation.printing import counted, print_json, print_note
from classwise.zoo.foundation.quiet import start_tensorflow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from classwise.zoo.training.recipe_files import list_recipes

    parser.epilog = f"Bundled recipes: {', '.join(list_recipes())}."
    parser.add_argument("recipe", metavar="RECIPE", help="a bundled recipe's name, or a .toml file")
    parser.add_argument(
        "--output", "-o", type=Path, metavar="DIR", help="folder of the training (runs/RECIPE)"
    )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder of TFDS data (~/tensorflow_datasets)"
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="image folder, one sub-folder a class, for a recipe with protocol 'folder'",
    )
    parser.add_argument("--seed", type=int, metavar="S", help="instead of the recipe's")
    parser.add_argument("--code-length", type=int, metavar="L", help="instead of the recipe's")
    parser.add_argument("--batch-size", type=int, metavar="B", help="instead of the recipe's")
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
    from classwise.zoo.training.recipe_files import read_recipe

    recipe = read_recipe(
        options.recipe,
        seed=options.seed,
        code_length=options.code_length,
        batch_size=options.batch_size,
    )
    directory = options.output or Path("runs") / recipe.name
    print_note(f"{recipe.name}: reading the images ...")
    start_tensorflow()

    import tensorflow as tf

    from classwise.zoo.training import train
    from classwise.zoo.training.learning_images import learning_images
    from classwise.zoo.training.run_directory import read_log, selected_epoch

    # Whatever is printed on the way is no result.
    with contextlib.redirect_stdout(sys.stderr):
        training, validation = learning_images(
            recipe, options.data_dir, options.images, options.skip_bad_files
        )
        for name in training.skipped[:10]:
            print_note(f"skipped {name}: not a readable image")
        if training.skipped:
            print_note(f"{counted(len(training.skipped), 'file')} skipped")
        print_note(
            f"Training images: {len(training):,}. Validation images: {len(validation):,}. "
            f"Epochs: {recipe.epochs}. Folder: {directory}."
        )
        try:
            model = train(
                recipe,
                training,
                validation,
                directory,
                features=options.features,
                tensorboard=not options.no_tensorboard,
                verbose=2 if options.quiet else 1,
            )
        except tf.errors.OpError as error:  # TensorBoard's writer, on a disk that is full or gone
            reason = str(error).splitlines()[0]
            raise OSError(errno.EIO, reason, str(directory)) from error
        except OSError as error:  # writing a model to a full disk, Keras names no file
            error.filename = error.filename or str(directory)
            raise
        except KeyboardInterrupt:
            print_note(
                f"\nclasswise train: interrupted after {len(read_log(directory))} of "
                f"{recipe.epochs} epochs; run the same command again to go on from there."
            )
            return 130
    best = selected_epoch(read_log(directory))
    selected = {key: best[key] for key in ("epoch", "val_accuracy")}
    if options.json:
        print_json({"model": str(model), "recipe": recipe.to_dict(), "selected": selected})
    else:
        print(
            f"Trained {model}: epoch {best['epoch']}, validation accuracy "
            f"{best['val_accuracy']:.4f}.\nNext: {next_command(model, options, recipe.protocol)}"
        )
    return 0


def next_command(model: Path, options: argparse.Namespace, protocol: str) -> str:
    """Returns what one would run after a training: no protocol covers a folder of one's own."""
    if options.images is None:
        words = ["evaluate", model, "--protocol", protocol]
        words += ["--data-dir", options.data_dir] if options.data_dir else []
    else:
        words = ["encode", model, options.images, "--output", "codes.npz"]
    return shlex.join(["classwise", *map(str, words)])
