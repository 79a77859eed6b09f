"""The folder of one training: its recipe, log, checkpoint and best model, and its lock."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import filelock
import keras

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.training.recipe import Recipe, build_recipe

SELECTED_BY = "val_accuracy"

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
        path: the folder; made if missing.
        recipe: the training.
        images: `image_digest` of the images by role; they must be those of the checkpoint.

    Raises:
        InputError: the folder is in use by another training, holds one with another recipe or on
            other images, or its files cannot be read.
        OSError: the folder cannot be written.
    """

    def __init__(self, path: str | os.PathLike, recipe: Recipe, images: dict[str, dict]):
        self.path = Path(path)
        self.recipe = recipe
        self.images = images
        self._lock = filelock.FileLock(self.path / ".lock", blocking=False)

    def __enter__(self):
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path} is a file; --output must name a folder.")
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise InputError(
                f"Another training is running in {self.path}; wait for it or choose another folder."
            ) from error
        try:
            self._check_recipe()
            self._check_images()
            for file in self.path.iterdir():
                if LEFT_BEHIND.fullmatch(file.name):
                    file.unlink()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *exception):
        self._lock.release()

    def _check_recipe(self):
        file = self.path / "recipe.json"
        wanted = self.recipe.to_dict()
        if not file.exists():
            self._write("recipe.json", json.dumps(wanted, indent=2) + "\n")
        try:
            found = build_recipe(json.loads(file.read_text(encoding="utf-8")), file.name).to_dict()
        except ValueError as error:  # no text, no JSON, or an `InputError`: no recipe
            raise unreadable_run_file(file, error) from error
        changed = [key for key in wanted if found[key] != wanted[key]]
        if changed:
            raise InputError(
                f"{self.path} holds a training with another {', '.join(changed)}; choose another "
                "folder, or remove this one to start over."
            )

    def _check_images(self):
        file = self.path / "images.json"
        if not file.exists() or not (self.path / "checkpoint.keras").exists():
            return  # an older version kept no record, or nothing has been learnt yet
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            counts = {role: found[role]["images"] for role in self.images}
        except (ValueError, KeyError, TypeError) as error:
            raise unreadable_run_file(file, error) from error
        for role, given in self.images.items():
            if found[role] != given:
                raise InputError(
                    f"{self.path} holds a training with other {role} images ({counts[role]} then, "
                    f"{given['images']} now); give it the same images, choose another folder, or "
                    "remove this one to start over."
                )

    @property
    def log(self) -> list[dict]:
        """What every finished epoch measured."""
        return read_log(self.path)

    def load_checkpoint(self, steps_per_epoch: int) -> tuple[Hasher | None, int]:
        """Returns the compiled model of the last checkpoint and the epochs behind it, or (None, 0).

        Raises:
            InputError: the checkpoint cannot be read.
        """
        file = self.path / "checkpoint.keras"
        if not file.exists():
            if self.log:  # killed between the first epoch's log and its checkpoint
                self._write_log([])
            return None, 0
        hasher = self._load("checkpoint.keras")
        if getattr(hasher, "optimizer", None) is None:
            raise InputError(f"{file} holds no optimizer; remove {self.path} to start over.")
        epochs = int(keras.ops.convert_to_numpy(hasher.optimizer.iterations)) // steps_per_epoch
        log = self.log
        if len(log) < epochs:
            raise InputError(
                f"{self.path / 'log.jsonl'} tells of {len(log)} epochs and the checkpoint of "
                f"{epochs}; remove {self.path} to start over."
            )
        # An epoch that was logged but not checkpointed is about to be run again.
        self._write_log(log[:epochs])
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
            complete: makes the finished model, without an optimiser, of the trained one.
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
        self._write("log.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

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
        log = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
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
