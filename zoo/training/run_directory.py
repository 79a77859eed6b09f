"""The folder of one training: its recipe, log, checkpoint and best model, and its lock."""

import json
import os
import time
from pathlib import Path

import filelock
import keras

from classwise.zoo.errors import InputError
from classwise.zoo.files import replacing_file
from classwise.zoo.hasher import Hasher
from classwise.zoo.presets.load import load_file
from classwise.zoo.training.recipe import Recipe

SELECTED_BY = "val_accuracy"


class RunDirectory:
    """Keeps everything that a training needs to go on after it was killed.

    `recipe.json` is what is trained, `log.jsonl` has one line an epoch, `checkpoint.keras` is the
    compiled model after the last whole epoch, `best.keras` the one with the best validation score
    of the last stage, `hasher.keras` the finished model. Every file is replaced whole, the
    checkpoint last: a kill at any moment leaves the state of some whole epoch behind.

    Args:
        path: the folder; made if missing.
        recipe: the training.

    Raises:
        InputError: the folder is in use by another training, or holds another recipe's.
        OSError: the folder cannot be written.
    """

    def __init__(self, path: str | os.PathLike, recipe: Recipe):
        self.path = Path(path)
        self.recipe = recipe
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
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *exception):
        self._lock.release()

    def _check_recipe(self):
        wanted = json.loads(json.dumps(self.recipe.to_dict()))
        file = self.path / "recipe.json"
        if not file.exists():
            with replacing_file(file) as temporary:
                temporary.write_text(json.dumps(wanted, indent=2) + "\n")
        found = json.loads(file.read_text())
        changed = [key for key in wanted if found.get(key) != wanted[key]]
        if changed:
            raise InputError(
                f"{self.path} holds a training with another {', '.join(changed)}; choose another "
                "folder, or remove this one to start over."
            )

    @property
    def log(self) -> list[dict]:
        """What every finished epoch measured."""
        file = self.path / "log.jsonl"
        if not file.exists():
            return []
        return [json.loads(line) for line in file.read_text().splitlines()]

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
        try:
            hasher = load_file(file)
        except InputError as error:
            raise InputError(
                f"{error}; it cannot be read: remove {self.path} to start over."
            ) from error
        if getattr(hasher, "optimizer", None) is None:
            raise InputError(f"{file} holds no optimizer; remove {self.path} to start over.")
        epochs = int(keras.ops.convert_to_numpy(hasher.optimizer.iterations)) // steps_per_epoch
        # An epoch that was logged but not checkpointed is about to be run again.
        self._write_log(self.log[:epochs])
        return hasher, epochs

    def save_epoch(self, hasher: Hasher, measured: dict, selectable: bool):
        """Writes the state after an epoch; `selectable` if it may become the best model."""
        best = max((line[SELECTED_BY] for line in self.log if line["selectable"]), default=-1.0)
        if selectable and measured[SELECTED_BY] >= best:
            self._save_model(hasher, "best.keras")
        self._write_log([*self.log, {**measured, "selectable": selectable}])
        self._save_model(hasher, "checkpoint.keras")

    def finish(self) -> Path:
        """Writes the best model without its optimiser as `hasher.keras`, and returns the path."""
        best = load_file(self.path / "best.keras")
        hasher = Hasher.from_config(best.get_config())
        hasher.set_weights(best.get_weights())
        return self._save_model(hasher, "hasher.keras")

    def _save_model(self, hasher: Hasher, name: str) -> Path:
        with replacing_file(self.path / name) as temporary:
            hasher.save(temporary)
        return self.path / name

    def _write_log(self, lines: list[dict]):
        with replacing_file(self.path / "log.jsonl") as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in lines))


class EpochCheckpoint(keras.callbacks.Callback):
    """Validates the model at the end of an epoch and hands it to the run directory.

    Comes after `CenterUpdate`: `fit` itself would validate before the centres move, and so score
    another model than the one that is saved. The scores go into `logs`, as `val_...`.
    """

    def __init__(self, run: RunDirectory, validation, stage: int, selectable: bool):
        super().__init__()
        self.run = run
        self.validation = validation
        self.stage = stage
        self.selectable = selectable
        self.start = time.time()

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.time()

    def on_epoch_end(self, epoch, logs=None):
        scores = self.model.evaluate(self.validation, return_dict=True, verbose=0)
        logs.update({f"val_{name}": value for name, value in scores.items()})
        measured = {
            "epoch": epoch + 1,
            "stage": self.stage + 1,
            "seconds": round(time.time() - self.start, 1),
            **{name: round(float(value), 6) for name, value in logs.items()},
        }
        self.run.save_epoch(self.model, measured, self.selectable)
