"""The folder of one training: its recipe, log, checkpoint and best model, and its lock."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.settings import parse_json, read_json, read_text
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.training.recipe import Recipe, build_recipe

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher

SELECTED_BY = "val_accuracy"
MODELS = ("checkpoint.keras", "best.keras", "hasher.keras")

# What `replacing_file` had begun to write beside one of our files when the training was killed.
LEFT_BEHIND = re.compile(
    r"\.(recipe|images|log|checkpoint|best|hasher)\.[0-9a-f]{8}\.(json|jsonl|keras)"
)


class RunDirectory:
    """Keeps everything that a training needs to go on after it was killed.

    `recipe.json` is what is trained, `images.json` what it learns from, `log.jsonl` has one line an
    epoch, `checkpoint.keras` is the compiled model after the last whole epoch, `best.keras` the one
    with the best validation score of the last stage, `hasher.keras` the finished model. Every file
    is replaced whole, the checkpoint last: a kill at any moment leaves the state of some whole
    epoch behind.

    Args:
        path: the folder; made if missing, and removed again if nothing is learned in it.
        recipe: the training.

    Raises:
        InputError: the folder is in use by another training, holds one with another recipe, or its
            files cannot be read.
        OSError: the folder cannot be written.
    """

    def __init__(self, path: str | os.PathLike, recipe: Recipe):
        self.path = Path(path)
        self.recipe = recipe
        self.log: list[dict] = []
        self._wrote_recipe = False
        self._lock = filelock.FileLock(self.path / ".lock", blocking=False)

    def __enter__(self):
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path} is a file; --output must name a folder.")
        self._made = [path for path in (self.path, *self.path.parents) if not path.exists()]
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise InputError(
                f"Another training is running in {self.path}; wait for it or choose another folder."
            ) from error
        try:
            self._check_recipe()
            self.log = read_log(self.path)
            for file in self.path.iterdir():
                if LEFT_BEHIND.fullmatch(file.name):
                    file.unlink()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        if self._wrote_recipe and not self._learned:
            (self.path / "recipe.json").unlink(missing_ok=True)
        self._lock.release()
        if self._made and [file.name for file in self.path.iterdir()] == [".lock"]:
            (self.path / ".lock").unlink()
            for path in self._made:
                path.rmdir()

    def _check_recipe(self):
        file = self.path / "recipe.json"
        if not file.exists():
            return
        try:
            found = build_recipe(read_json(file), file.name).to_dict()
        except ValueError as error:  # no text, no JSON, or an `InputError`: no recipe
            raise unreadable_run_file(file, error) from error
        changed = [key for key, value in self.recipe.to_dict().items() if found[key] != value]
        if changed and self._learned:
            raise InputError(
                f"{self.path} holds a training by a recipe that differs in {', '.join(changed)}; "
                "choose another folder, or remove this one to start over."
            )

    @property
    def _learned(self) -> bool:
        """Whether there is what a training learned; before, another recipe may take the folder."""
        return any((self.path / name).exists() for name in MODELS)

    def begin(self, images: dict[str, dict]):
        """Begins the training, or goes on with it, on images that must be those of the checkpoint.

        Args:
            images: `image_digest` of the images by role.

        Raises:
            InputError: they are others, or what the folder tells of them cannot be read.
        """
        self.images = images
        file = self.path / "images.json"
        # Else an older version kept no record, or nothing has been learned yet.
        if file.exists() and (self.path / "checkpoint.keras").exists():
            try:
                found = read_json(file)
                counts = {role: found[role]["images"] for role in images}
            except (ValueError, KeyError, TypeError) as error:
                raise unreadable_run_file(file, error) from error
            for role, given in images.items():
                if found[role] != given:
                    raise InputError(
                        f"{self.path} holds a training with other {role} images ({counts[role]} "
                        f"then, {given['images']} now); give it the same images, choose another "
                        "folder, or remove this one to start over."
                    )
        if not self._learned:
            self._write("recipe.json", json.dumps(self.recipe.to_dict(), indent=2) + "\n")
            self._wrote_recipe = True

    def load_checkpoint(self, steps_per_epoch: int) -> tuple[Hasher | None, int]:
        """Returns the compiled model of the last checkpoint and the epochs behind it, or (None, 0).

        Raises:
            InputError: the checkpoint cannot be read.
        """
        from keras import ops

        from classwise.zoo.models.feature_hasher import FeatureHasher

        file = self.path / "checkpoint.keras"
        if not file.exists():
            self._write_log([])  # killed between the first epoch's log and its checkpoint
            return None, 0
        hasher = self._load("checkpoint.keras")
        if getattr(hasher, "optimizer", None) is None:
            raise InputError(f"{file} holds no optimizer; remove {self.path} to start over.")
        epochs = int(ops.convert_to_numpy(hasher.optimizer.iterations)) // steps_per_epoch
        if self.recipe.thaws_at is not None and not isinstance(hasher, FeatureHasher):
            # Everything trains with an optimizer of its own, which began after these epochs.
            epochs += self.recipe.frozen_epochs
        if len(self.log) < epochs:
            raise InputError(
                f"{self.path / 'log.jsonl'} tells of {len(self.log)} epochs and the checkpoint of "
                f"{epochs}; remove {self.path} to start over."
            )
        # An epoch that was logged but not checkpointed is about to be run again.
        self._write_log(self.log[:epochs])
        return hasher, epochs

    def save_epoch(self, hasher: Hasher, measured: dict, selectable: bool):
        """Writes the state after an epoch; `selectable` if it may become the best model."""
        best = max((line[SELECTED_BY] for line in self.log if line["selectable"]), default=-1.0)
        if selectable and measured[SELECTED_BY] >= best:
            self._save_model(hasher, "best.keras")
        self._write_log([*self.log, {**measured, "selectable": selectable}])
        self._write("images.json", json.dumps(self.images, indent=2) + "\n")
        self._save_model(hasher, "checkpoint.keras")

    def finish(self, complete: Callable[[Hasher], Hasher]) -> Path:
        """Writes the best model as `hasher.keras`, and returns the path.

        Args:
            complete: makes the finished model, without an optimizer, of the trained one.
        """
        return self._save_model(complete(self._load("best.keras")), "hasher.keras")

    def _load(self, name: str) -> Hasher:
        try:
            return load_file(self.path / name)
        except InputError as error:
            raise InputError(
                f"{error}; it cannot be read: remove {self.path} to start over."
            ) from error

    def _save_model(self, hasher: Hasher, name: str) -> Path:
        with replacing_file(self.path / name) as temporary:
            hasher.save(temporary)
        return self.path / name

    def _write_log(self, lines: list[dict]):
        if lines != self.log:
            self._write("log.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
            self.log = lines

    def _write(self, name: str, text: str):
        with replacing_file(self.path / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def read_log(path: str | os.PathLike) -> list[dict]:
    """Returns what every finished epoch of the training in a folder measured, `[]` before any.

    Raises:
        InputError: the log cannot be read.
    """
    file = Path(path) / "log.jsonl"
    if not file.exists():
        return []
    try:
        log = [parse_json(line, file.name) for line in read_text(file).splitlines()]
        for line in log:
            line["epoch"], line["selectable"], line[SELECTED_BY]
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable_run_file(file, error) from error
    return log


def training_minutes(log: list[dict]) -> float:
    """Returns what all epochs took, with the passes that cached features, to a tenth."""
    passes = ("seconds", "feature_seconds", "teacher_seconds")
    seconds = sum(line.get(key, 0) for line in log for key in passes)
    return round(seconds / 60, 1)


def selected_epoch(log: list[dict]) -> dict:
    """Returns the line of the epoch whose model is kept: the best one, among equals the last."""
    selectable = [line for line in log if line["selectable"]]
    return max(selectable, key=lambda line: (line[SELECTED_BY], line["epoch"]))


def unreadable_run_file(file: Path, error: Exception) -> InputError:
    reason = f"{type(error).__name__}: {error}".removeprefix("InputError: ").rstrip(".")
    return InputError(
        f"{file} is not what a training wrote there ({reason}); choose another folder, or remove "
        "this one to start over."
    )
