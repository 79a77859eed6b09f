import re

import pytest

from classwise.zoo.training.training_progress import TrainingProgress

LOGS = {"loss": 0.81234, "accuracy": 0.9, "val_loss": 1.0, "val_accuracy": 0.875}


def show(capsys, epochs, steps=3, done=0, verbose=1):
    """Returns what is shown of a training on stderr; nothing may go to stdout."""
    with TrainingProgress(epochs, steps, done, verbose) as progress:
        for epoch in range(done, epochs):
            progress.on_epoch_begin(epoch)
            for batch in range(steps):
                progress.on_train_batch_end(batch, {"loss": 0.5})
            progress.bar.refresh()
            progress.on_epoch_end(epoch, LOGS)
    out, err = capsys.readouterr()
    assert out == ""
    return err


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 60 columns."""
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "60"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_a_line_an_epoch_where_there_is_no_terminal(capsys, verbose):
    assert show(capsys, epochs=2, verbose=verbose) == (
        "Epoch 1/2: loss 0.812, validation accuracy 0.875, 0 s\n"
        "Epoch 2/2: loss 0.812, validation accuracy 0.875, 0 s\n"
    )


def test_nothing(capsys):
    assert show(capsys, epochs=5, done=3, verbose=0) == ""


def test_going_on(capsys):
    lines = show(capsys, epochs=12, done=10).splitlines()
    assert lines[0] == "10 of 12 epochs are done already."
    assert [line.partition(":")[0] for line in lines[1:]] == ["Epoch 11/12", "Epoch 12/12"]


def test_the_bar_fits_a_narrow_terminal(terminal, capsys):
    shown = show(capsys, epochs=100, done=98)
    assert "\x1b[?25h" in shown  # the cursor is back
    lines = re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown))
    assert any(re.match(r"Epoch 99/100 ━+.*loss .* left", line) for line in lines)
    assert "Epoch 99/100: loss 0.812, validation accuracy 0.875, 0 s" in lines
    assert max(map(len, lines)) <= 60


def test_lines_only(terminal, capsys):
    assert "━" not in show(capsys, epochs=2, verbose=2)


def test_an_interruption_leaves_the_terminal_in_order(terminal, capsys):
    progress = TrainingProgress(4, 3, 0, 1)

    def interrupted():
        with progress:
            progress.on_epoch_begin(0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "\x1b[?25h" in capsys.readouterr().err
    assert not progress.bar.live.is_started
