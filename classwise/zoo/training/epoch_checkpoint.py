"""What happens to the model at the end of an epoch."""

import time

import keras

from classwise.zoo.training.environment import machine
from classwise.zoo.training.run_directory import RunDirectory


class EpochCheckpoint(keras.callbacks.Callback):
    """Validates the model at the end of an epoch and hands it to the run directory.

    Comes after `CenterUpdate`: `fit` itself would validate before the centers move, and so score
    another model than the one that is saved. The scores go into `logs`, as `val_...`.

    Args:
        run: writes the log and the models.
        validation: batches to score the model on.
        stage: number of the stage, from 0 on.
        selectable: whether the model may become the best one.
        once: facts for the log that go with the first epoch that ends, and are taken out then.
    """

    def __init__(
        self, run: RunDirectory, validation, stage: int, selectable: bool, once: dict | None = None
    ):
        super().__init__()
        self.run = run
        self.validation = validation
        self.stage = stage
        self.selectable = selectable
        self.once = {} if once is None else once
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
            **machine(),
            **self.once,
        }
        self.once.clear()
        self.run.save_epoch(self.model, measured, self.selectable)
