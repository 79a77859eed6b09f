"""Options by which commands take lists: text files that name images and labels, a role each."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import print_note

if TYPE_CHECKING:
    from classwise.zoo.datasets.listed_images import ListedImages
    from classwise.zoo.training.recipe import Recipe
    from classwise.zoo.training.recipe_tables import Lists


def add_list_options(parser: argparse.ArgumentParser, learns: bool) -> None:
    """Adds the training list and the folder of images, and what else a command has not yet.

    Args:
        parser: of the command.
        learns: whether it learns from the lists.
    """
    what = "to learn from" if learns else "learned from, which no query may be"
    parser.add_argument(
        "--lists",
        metavar="FILE",
        help=f"list of the images {what}: a path and 0 or 1 for every class a line",
    )
    if learns:
        for role, does in (("database", "answer"), ("queries", "ask")):
            words = f"list of the images that {does}, to compare with --lists"
            parser.add_argument(f"--{role}", metavar="FILE", help=words)
        names = "text file with the name of a class a line, for --lists"
        parser.add_argument("--class-names", metavar="FILE", help=names)
    parser.add_argument(
        "--root", metavar="DIR", help="folder that paths in lists start from (theirs)"
    )


def lists_of_training(options: argparse.Namespace) -> Lists | None:
    """Returns the lists that a training is given on the command line, None without any.

    Raises:
        InputError: options that need --lists without it.
    """
    from classwise.zoo.training.recipe_tables import Lists

    of_lists = ("database", "queries", "root", "class_names")
    if options.lists is None:
        given = [name.replace("_", "-") for name in of_lists if getattr(options, name) is not None]
        if given:
            raise InputError(f"--{given[0]} goes with --lists FILE, the list of images to learn.")
        return None
    if options.images is not None:
        raise InputError("--images and --lists were given together; leave one of them out.")
    return Lists(options.lists, *(getattr(options, name) for name in of_lists))


def lists_to_learn(recipe: Recipe, lists: Lists | None) -> ListedImages | None:
    """Returns the lists of a recipe, opened and checked; None for a recipe of other images.

    Raises:
        InputError: lists for a recipe that learns from none, or what is wrong with them.
    """
    from classwise.zoo.datasets.listed_protocols import is_of_lists
    from classwise.zoo.training.learning_images import open_learning_lists

    if not is_of_lists(recipe.protocol):
        if lists is not None:
            raise InputError(
                f"Recipe {recipe.name} has protocol '{recipe.protocol}', which learns from no "
                "lists; leave --lists out, or give a recipe with protocol 'lists'."
            )
        return None
    return noted(open_learning_lists(recipe, lists))


def is_list(name: str | None) -> bool:
    """Whether what a command was given for images is a list of them, in one file or several."""
    from classwise.zoo.datasets.image_sources import LIST_SUFFIX  # NumPy: not for --help

    return name is not None and Path(name).suffix.lower() == LIST_SUFFIX


def lists_to_judge(options: argparse.Namespace, given: Sequence[str]) -> ListedImages:
    """Returns the lists that ask and answer, opened and checked.

    Args:
        options: of the command.
        given: `["images"]`, or `["queries", "database"]`.

    Raises:
        InputError: options that do not go together, or what is wrong with the lists.
    """
    from classwise.zoo.datasets.image_classes import read_class_names
    from classwise.zoo.datasets.listed_images import open_lists
    from classwise.zoo.datasets.listed_protocols import get_list_protocol

    other = [name for name in given if not is_list(getattr(options, name))]
    if other:
        raise InputError(
            f"--{other[0]} is {getattr(options, other[0])}, and the other a list (.txt); give two "
            "lists, or two folders."
        )
    if options.skip_bad_files:
        raise InputError("--skip-bad-files would change what lists say; leave it out.")
    roles = {"queries" if name == "images" else name: getattr(options, name) for name in given}
    if options.lists is not None:
        roles["training"] = options.lists
    return noted(
        open_lists(
            roles,
            options.root,
            class_names=read_class_names(options.class_names) if options.class_names else None,
            protocol=get_list_protocol(options.protocol) if options.protocol else None,
            loaded=("queries", "database"),
        )
    )


def take_what_is_published(options: argparse.Namespace) -> None:
    """Sets cut-off and divisor, where nobody asked for others, to those of the protocol."""
    from classwise.zoo.datasets.listed_protocols import LIST_PROTOCOLS

    protocol = LIST_PROTOCOLS.get(options.protocol)
    if protocol is not None and protocol.top_k is not None and options.top_k is None:
        options.top_k = [protocol.top_k]
    if options.divisor is None:
        options.divisor = "min" if protocol is None else protocol.divisor


def noted(listed: ListedImages) -> ListedImages:
    """Says what should be known of lists, and returns them."""
    for note in listed.notes:
        print_note(note)
    return listed
