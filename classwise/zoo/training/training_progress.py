"""What a person sees of a training while it runs."""

import contextlib
from typing import Literal

import keras


class TrainingProgress(keras.callbacks.Callback):
    """Shows a training of several stages as one, on stderr: a bar, and a line an epoch.

    The bar covers all epochs and tells the time left; it is there on a terminal only. Keras's own
    bar counts the epochs of one `fit`, and needs 110 columns.

    A context manager around all the `fit` calls, so that an exception leaves the terminal in order.
    Comes after the callback that adds the validation scores to `logs`.

    Args:
        epochs: of all stages together.
        steps: batches an epoch.
        done: epochs that an earlier start of the training has done.
        verbose: 0 shows nothing, 1 or "auto" bar and lines, 2 only the lines, as Keras has it.
    """

    def __init__(self, epochs: int, steps: int, done: int, verbose: Literal[0, 1, 2, "auto"]):
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.epochs = epochs
        self.steps = steps
        self.done = done
        self.console = Console(stderr=True, highlight=False, quiet=not verbose)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("loss {task.fields[loss]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self.console,
            transient=True,
            disable=verbose not in (1, "auto") or not self.console.is_terminal,
        )

    def __enter__(self):
        if self.done:
            self.console.print(f"{self.done} of {self.epochs} epochs are done already.")
        self.task = self.bar.add_task(
            "Starting",
            total=self.epochs * self.steps,
            completed=self.done * self.steps,
            loss="...",
        )
        self.bar.start()
        return self

    def __exit__(self, *exception):
        self.bar.stop()

    def on_epoch_begin(self, epoch, logs=None):
        self.start = self.bar.get_time()
        self.bar.update(self.task, description=self._title(epoch))

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.task, advance=1, loss=f"{logs['loss']:.3f}")

    def on_epoch_end(self, epoch, logs=None):
        self.console.print(
            f"{self._title(epoch)}: loss {logs['loss']:.3f}, validation accuracy "
            f"{logs['val_accuracy']:.3f}, {self.bar.get_time() - self.start:.0f} s"
        )

    def _title(self, epoch: int) -> str:
        return f"Epoch {epoch + 1}/{self.epochs}"


def features_bar(count: int, verbose: Literal[0, 1, 2, "auto"]):
    """Returns a context that yields what to call with the images whose features are done."""
    from classwise.zoo.foundation.count_bar import count_bar

    return count_bar("Features", count) if verbose in (1, "auto") else contextlib.nullcontext()
