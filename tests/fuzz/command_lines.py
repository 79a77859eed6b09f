"""Command lines: whatever the parser declares, with right, wrong and odd values."""

import argparse

from hypothesis import strategies as st

from classwise.zoo.commands import COMMANDS, build_parser
from tests.fuzz.materials import FOREIGN

NUMBERS = (
    *("0", "1", "2", "8", "12", "18", "-1", "0.5", "1e-5", "nan", "inf", "-inf", "1e999", "٣"),
    *("99999999999999999999", str(2**63 - 1), str(2**63), "9" * 5000, "", "0x10", "1_0"),
)
PRESETS = ("dcwh_resnet9_fashion_mnist_16", "resnet9_fashion_mnist", "dcwh_resnet9", "all")
# Port 9 of this machine, where nobody listens, and a hub that is offline.
ADDRESSES = (
    *("http://127.0.0.1:9/small.keras", "https://127.0.0.1:9/small.keras", "hf://a/b", "hf://"),
    *("file:///dev/null", "file:///", "http://[", "ftp://a/b.keras", "cuda:small.onnx", "cuda:"),
)
STORES = (
    *("lance:new.lance", "lance:empty", "faiss:new.faiss", "npz:new.npz", "npz:codes.npz", "npz:"),
    *("faiss:codes.npz", "lance:s3://a/b", "pgvector:", "pgvector:host=127.0.0.1 port=9", "x:y"),
)
ODD = ("", " ", ".", "..", "/", "-", "~", "*", "\n", "new/deeper", "x" * 300, "/dev/null", "\u202e")
OUTPUTS = ("new.npz", "new.onnx", "new.tflite", "new", f"{FOREIGN}.npz", f"{FOREIGN}.onnx", "empty")
WORDS = ("fashion-mnist-full", "fashion_mnist:test", "first", "none", "code,scores", "cpu,cuda")
# What `--import` runs is code that the user chose: any module is as good as another.
MODULES = ("json", "no_such_module", "", "a.b", "..", FOREIGN)
TEXT = st.text(
    st.characters(exclude_characters="\0", exclude_categories=()), min_size=1, max_size=12
)

# Where all is right, they go on until they are stopped.
ENDLESS = ("serve",)


def command_lines(files: list[str]) -> st.SearchStrategy:
    """Gives command lines of all commands, which name files of `materials` and others."""
    anything = st.one_of(
        st.sampled_from(files),
        st.sampled_from((*PRESETS, *ADDRESSES, *STORES, *ODD, *OUTPUTS, *WORDS)),
        TEXT,
    )
    (commands,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    names = [name for name in COMMANDS if name not in ENDLESS]
    return st.one_of(*(of_command(name, commands.choices[name], anything) for name in names))


@st.composite
def of_command(draw, name: str, parser: argparse.ArgumentParser, anything) -> list[str]:
    """Gives command lines of one command: mostly its arguments, and some of its options."""
    line = [name]
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        needed = action.required or not action.option_strings
        if not draw(st.sampled_from((True,) * 9 + (False,) if needed else (True, False, False))):
            continue
        if action.option_strings:
            line.append(draw(st.sampled_from(action.option_strings)))
        if action.nargs != 0:
            most = 3 if action.nargs in ("*", "+") else 1
            line += draw(st.lists(values(action, anything), min_size=1, max_size=most))
    if draw(st.sampled_from((True,) + (False,) * 19)):
        line.insert(draw(st.integers(0, len(line))), draw(anything))
    return line


def values(action: argparse.Action, anything: st.SearchStrategy) -> st.SearchStrategy:
    """Gives values of an argument, most of them of the right kind."""
    if action.choices:
        right = st.sampled_from(sorted(action.choices))
    elif action.dest == "modules":
        return st.sampled_from(MODULES)
    elif getattr(action.type, "__name__", "") == "parse":
        right = st.sampled_from(NUMBERS)
    else:
        right = anything
    return st.one_of(right, right, right, anything)
