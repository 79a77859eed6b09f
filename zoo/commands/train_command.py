"""Train a hasher from a recipe. Run the same command again to go on after an interruption."""

import argparse
from pathlib import Path

from classwise.zoo.commands.printing import print_json, print_note
from classwise.zoo.quiet import start_tensorflow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="a bundled recipe's name, or a .toml file")
    parser.add_argument(
        "--output", "-o", type=Path, metavar="DIR", help="folder of the training (runs/RECIPE)"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="image folder, one sub-folder a class, for a recipe with protocol 'folder'",
    )
    parser.add_argument("--seed", type=int, help="instead of the recipe's")
    parser.add_argument("--code-length", type=int, metavar="L", help="instead of the recipe's")
    parser.add_argument("--batch-size", type=int, metavar="B", help="instead of the recipe's")
    parser.add_argument("--skip-bad-files", action="store_true", help="leave unreadable images out")
    parser.add_argument("--no-tensorboard", action="store_true", help="write no TensorBoard log")
    parser.add_argument("--quiet", "-q", action="store_true", help="one line an epoch, no bar")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.training.recipe import read_recipe

    recipe = read_recipe(
        options.recipe,
        seed=options.seed,
        code_length=options.code_length,
        batch_size=options.batch_size,
    )
    directory = options.output or Path("runs") / recipe.name
    start_tensorflow()

    import tensorflow as tf

    from classwise.zoo.training import train
    from classwise.zoo.training.learning_images import learning_images

    training, validation = learning_images(
        recipe, options.data_dir, options.images, options.skip_bad_files
    )
    print_note(f"{recipe.name}: {recipe.epochs} epochs on {len(training)} images, in {directory}")
    try:
        model = train(
            recipe,
            training,
            validation,
            directory,
            tensorboard=not options.no_tensorboard,
            verbose=2 if options.quiet else 1,
        )
    except tf.errors.OpError as error:  # TensorBoard's writer, on a disk that is full or gone
        raise OSError(f"{directory}: {str(error).splitlines()[0]}") from error
    except KeyboardInterrupt:
        print_note(f"\nInterrupted; run the same command again to go on from {directory}.")
        return 130
    if options.json:
        print_json({"model": str(model), "recipe": recipe.to_dict()})
    else:
        print(f"Trained {model}. Next: {next_command(recipe.protocol, model, options.images)}")
    return 0


def next_command(protocol: str, model: Path, folder: Path | None) -> str:
    """Returns what one would run after a training: no protocol covers a folder of one's own."""
    if folder is None:
        return f"classwise evaluate {model} --protocol {protocol}"
    return f"classwise encode {model} {folder} --output codes.npz"
