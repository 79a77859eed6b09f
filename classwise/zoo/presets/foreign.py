"""Images that look foreign to a preset: each by itself, and as many as no chance explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import foreign_scores
from classwise.zoo.presets.registry import Preset, get_preset

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher

#: Share of a preset's own images that its threshold takes for foreign ones.
FALSE_ALARMS = 0.01
#: So many times that share is taken for chance yet: one's own images differ a little.
LENIENCE = 2
#: How rarely chance may make a sentence of that.
BY_CHANCE = 0.001


class ForeignImages:
    """Tells which images look foreign to a preset, by their embeddings.

    Args:
        preset: the entry, which has a threshold.
        hasher: loaded from it.
    """

    def __init__(self, preset: Preset, hasher: Hasher):
        self.preset, self.loss = preset, hasher.loss
        self.centers = np.asarray(hasher.class_centers.get_centers())

    def are(self, embeddings: np.ndarray) -> np.ndarray:
        """Returns which images look foreign, bool `[N]`."""
        scores = foreign_scores(self.loss, embeddings, self.centers)
        return scores > self.preset.foreign["threshold"]


def foreign_sentence(name: str, foreign: np.ndarray) -> str:
    """Returns what there is to say of images of which so many look foreign; mostly nothing.

    Args:
        name: of the preset that encoded them.
        foreign: which of them look foreign to it, bool `[N]`.
    """
    preset, count, found = get_preset(name), len(foreign), int(np.sum(foreign))
    if not is_clearly_more(found, count, preset.foreign["false_alarm_rate"]):
        return ""
    return (
        f"{found:,} of {count:,} images look foreign to {name}, which learned {preset.dataset} "
        f"(expected: {FALSE_ALARMS * count:,.0f}), and others may be foreign too: their codes may "
        "mean little; `classwise fit PHOTOS` makes a hasher for them."
    )


def is_clearly_more(found: int, count: int, false_alarm_rate: float = FALSE_ALARMS) -> bool:
    """Returns whether more images look foreign than chance explains.

    Formula: P(X >= found) < .001 for X ~ Binomial(count, 2 r), where r is the share of a preset's
    own images that look foreign: .01, or what was measured, where that is more.

    Args:
        found: how many images look foreign.
        count: of how many.
        false_alarm_rate: as measured.

    Example: of 20 images it takes 5, of 500 it takes 22.

    >>> [is_clearly_more(*each) for each in ((4, 20), (5, 20), (21, 500), (22, 500))]
    [False, True, False, True]
    """
    from scipy.stats import binom

    chance = min(1.0, LENIENCE * max(FALSE_ALARMS, false_alarm_rate))
    return bool(binom.sf(found - 1, count, chance) < BY_CHANCE)


def looks_foreign(name: str, images, batch_size: int = 256) -> np.ndarray:
    """Returns which images look foreign to a preset, bool `[N]`: unlike what it learned.

    Of a preset's own images one in a hundred does. How many others do is on its card: of a few
    images it tells little, of many together it tells whether they are what the preset is for.

    Args:
        name: of a preset.
        images, batch_size: as `Hasher.embed` takes them.

    Raises:
        InputError: no such preset, one whose threshold is not known, or wrong images.

    Example:

    >>> from classwise import zoo
    >>> name = "vmf_resnet9_fashion_mnist_48"
    >>> own = zoo.load_sample("fashion_mnist").images[::20]
    >>> shirts = zoo.load_sample("clothing", (28, 28, 1)).images
    >>> bool(zoo.looks_foreign(name, own).mean() < zoo.looks_foreign(name, shirts).mean())
    True
    """
    preset = get_preset(name)
    if not preset.foreign:
        raise InputError(f"{name} has no threshold that tells foreign images; take another preset.")
    from classwise.zoo.presets.load import load

    hasher = load(name)
    return ForeignImages(preset, hasher).are(hasher.embed(images, batch_size, verbose=0))
