"""The command line. Adding a command is adding a module here and a line to `COMMANDS`."""

import argparse
import contextlib
import difflib
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from importlib import import_module

from classwise import __version__
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import print_note, printable, without_passwords

# name: (module with add_arguments and run, summary). Named as text, so that the commands which
# export need no import from here.
COMMANDS = {
    "list": ("classwise.zoo.commands.list_command", "show the pretrained hashers"),
    "info": ("classwise.zoo.commands.info_command", "show everything known about one of them"),
    "cache": ("classwise.zoo.commands.cache_command", "show or remove the fetched preset files"),
    "mirror": (
        "classwise.zoo.commands.mirror_command",
        "write a folder of presets for any static web server",
    ),
    "push": ("classwise.zoo.commands.push_command", "publish a hasher on a model hub"),
    "train": (
        "classwise.zoo.commands.train_command",
        "train a hasher from a recipe, or go on with an interrupted training",
    ),
    "fit": (
        "classwise.zoo.commands.fit_command",
        "fit a hasher to your own photos, without labels",
    ),
    "evaluate": (
        "classwise.zoo.commands.evaluate_command",
        "measure retrieval under a protocol",
    ),
    "encode": ("classwise.zoo.commands.encode_command", "turn images into packed codes"),
    "index": ("classwise.zoo.commands.index_command", "make or update an index of photos"),
    "search": ("classwise.zoo.commands.search_command", "find photos of an index"),
    "serve": ("classwise.zoo.commands.serve_command", "search an index on a web page"),
    "duplicates": (
        "classwise.zoo.commands.duplicates_command",
        "find copies and near copies among photos",
    ),
    "store": (
        "classwise.zoo.commands.store_command",
        "write codes into a store for vectors, proven equal, or read them back",
    ),
    "export": (
        "classwise.export.commands.export_command",
        "write a hasher for another runtime, proven equal",
    ),
    "verify": (
        "classwise.export.commands.verify_command",
        "compare two models bit by bit, or tell whether a file is whole",
    ),
    "demo": (
        "classwise.export.commands.demo_command",
        "load, encode, find neighbors, export and verify, on bundled images",
    ),
}
# What a process is asked to end with: by a service manager, by a terminal that is closed.
STOPPING = ("SIGTERM", "SIGHUP")
# Those that open a model: a preset, which may be fetched, or a `.keras` file, which may name
# classes of the user's own.
OPENING = (
    "push",
    "train",
    "fit",
    "evaluate",
    "encode",
    "index",
    "search",
    "serve",
    "export",
    "verify",
)
WITH_MIRROR = (*OPENING, "mirror", "demo")
WITH_IMPORT = (*OPENING, "info")


# What people try, and what does it here.
TRIED = {
    "predict": "`classwise encode` turns images into codes",
    "load": "`classwise list` shows the presets, `classwise info NAME` one of them",
}


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and which command was probably meant."""

    def error(self, message: str):
        if "COMMAND: invalid choice" in message:
            given = message.split("'")[1]
            nearest = difflib.get_close_matches(given, COMMANDS, n=1, cutoff=0.4)
            hint = f"did you mean '{nearest[0]}'? " if nearest else ""
            hint = f"{TRIED[given]}. " if given in TRIED else hint
            message = f"unknown command '{given}'; {hint}Commands: {', '.join(COMMANDS)}."
        self.exit(2, f"{self.prog}: {printable(without_passwords(message))}\n")


def build_parser() -> argparse.ArgumentParser:
    """Builds the parser of all commands; nothing heavy is imported."""
    parser = Parser(
        prog="classwise",
        description="Pretrained image hashers: encode, evaluate, train, export.",
        epilog="`classwise COMMAND --help` tells a command's options.",
    )
    parser.add_argument("--version", action="version", version=f"classwise {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (location, summary) in COMMANDS.items():
        module = import_module(location)
        command = commands.add_parser(name, help=summary, description=module.__doc__)
        module.add_arguments(command)
        if name in WITH_MIRROR:
            command.add_argument(
                "--mirror",
                metavar="URL",
                help="where presets are fetched from (default: CLASSWISE_MIRRORS)",
            )
        if name in WITH_IMPORT:
            command.add_argument(
                "--import",
                dest="modules",
                action="append",
                default=[],
                metavar="MODULE",
                help="Python module with layers of your own that a .keras file names; repeatable",
            )
        command.set_defaults(run=module.run)
    return parser


def import_modules(names: Iterable[str]) -> None:
    """Imports modules from the current folder, or from where Python finds them.

    Raises:
        InputError: one is missing, or fails.
    """
    for name in names:
        if "" not in sys.path:
            sys.path.insert(0, "")
        try:
            import_module(name)
        except Exception as error:  # whatever the code of the module raises
            raise InputError(
                f"--import {name}: {type(error).__name__}: {error}; give the name of a Python "
                "module in this folder or an installed one, such as my_layers for my_layers.py."
            ) from error


@contextlib.contextmanager
def interrupted_by(*names: str) -> Iterator[None]:
    """Lets signals end the block as Ctrl-C does, so that it keeps what is done.

    One that is ignored, as SIGHUP is below `nohup`, stays ignored.
    """
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # only the main thread may say what a signal does
    numbers = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns 0 done, 1 the result is a failure, 2 the input is wrong."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may be in no encoding at all
            stream.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(arguments)
    if getattr(options, "mirror", None):
        os.environ["CLASSWISE_MIRRORS"] = options.mirror
    # Pillow's remarks about odd tags and large photos are about nothing that is wrong here.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        with interrupted_by(*STOPPING):
            import_modules(getattr(options, "modules", ()))
            status = options.run(options)
            print(end="", flush=True)  # what waits in the buffer is part of the run
            return status
    except InputError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("classwise"):
            raise
        message = (
            f"this needs the package {error.name}, which is not installed; install classwise with "
            "its dependencies."
        )
    except BrokenPipeError:
        # Whoever reads the output has seen enough, as in `classwise list | head -1`. Python writes
        # what is left when it ends, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        place = (
            f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        )
        message = f"{place}{error.strerror or error}."
    except KeyboardInterrupt:
        print(f"classwise {options.command}: interrupted.", file=sys.stderr)
        return 130
    print_note(f"classwise {options.command}: {printable(message)}")
    return 2
