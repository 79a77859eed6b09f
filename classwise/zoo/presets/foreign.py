"""Images that look foreign to a preset: one by itself, and many together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import foreign_scores
from classwise.zoo.presets.registry import Preset, get_preset

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher

#: Shares of a preset's own images whose scores lie above its two thresholds: `threshold`, beyond
#: which one image looks foreign, and `usual`, beyond which of many images too many may lie.
FALSE_ALARMS, UNUSUAL = 0.01, 0.1
#: So many times its share may lie beyond `usual`: one's own images differ a little from a preset's.
LENIENCE = 1.5
#: How rarely chance may make a sentence of that.
BY_CHANCE = 0.001


class ForeignImages:
    """Tells how foreign images look to a preset, by their embeddings.

    Args:
        preset: the entry.
        hasher: loaded from it.
    """

    def __init__(self, preset: Preset, hasher: Hasher):
        self.preset, self.loss = preset, hasher.loss
        self.centers = np.asarray(hasher.class_centers.get_centers())

    def scores(self, embeddings: np.ndarray) -> np.ndarray:
        """Returns how foreign they look, float32 `[N]`; see `zoo.methods.foreign_scores`."""
        return foreign_scores(self.loss, embeddings, self.centers)


def foreign_sentence(name: str, scores: np.ndarray) -> str:
    """Returns what there is to say of images that look so foreign: mostly nothing.

    Args:
        name: of the preset that encoded them.
        scores: how foreign they look to it, `[N]`.
    """
    preset, count = get_preset(name), len(scores)
    unusual = int(np.sum(scores > preset.foreign["usual"]))
    if not is_clearly_more(unusual, count, usual_share(preset.foreign)):
        return ""
    return (
        f"{unusual:,} of {count:,} images look more foreign to {name}, which learned "
        f"{preset.dataset}, than nine in ten of its own (expected: {UNUSUAL * count:,.0f}): their "
        "codes may mean little; `classwise fit PHOTOS` makes a hasher for them."
    )


def usual_share(foreign: dict) -> float:
    """Returns which share of its own images lies beyond `usual`: .1, or more where measured."""
    return max([UNUSUAL, *(own["unusual"] for own in foreign["own"].values())])


def is_clearly_more(unusual: int, count: int, share: float = UNUSUAL) -> bool:
    """Returns whether more images lie beyond `usual` than chance and a small change explain.

    Formula: P(X >= unusual) < .001 for X ~ Binomial(count, 1.5 share)

    Args:
        unusual: how many images lie beyond it.
        count: of how many.
        share: of a preset's own images that does.

    Example: it takes 4 of 4 images, 10 of 20, 102 of 500.

    >>> [is_clearly_more(*each) for each in ((3, 3), (4, 4), (9, 20), (10, 20), (101, 500))]
    [False, True, False, True, False]
    """
    from scipy.stats import binom

    return bool(binom.sf(unusual - 1, count, min(1.0, LENIENCE * share)) < BY_CHANCE)


def looks_foreign(name: str, images: Any, batch_size: int = 256) -> np.ndarray:
    """Returns which images look foreign to a preset, bool `[N]`: unlike what it learned.

    Of a preset's own images one in a hundred does; its card says how many others do.

    Args:
        name: of a preset.
        images, batch_size: as `Hasher.embed` takes them.

    Raises:
        InputError: no such preset, one that cannot tell, or wrong images.

    Example:

    >>> from classwise import zoo
    >>> name = "vmf_resnet9_fashion_mnist_48"
    >>> own = zoo.looks_foreign(name, zoo.load_sample("fashion_mnist").images[::20])
    >>> photos = zoo.looks_foreign(name, zoo.load_sample("clothing", (28, 28, 1)).images)
    >>> bool(own.mean() < 0.1 < photos.mean())
    True
    """
    preset = get_preset(name)
    if not preset.tells_foreign:
        raise InputError(
            f"{name} cannot tell which images are foreign to it; its card says what was measured."
        )
    from classwise.zoo.presets.load import load

    hasher = load(name)
    scores = ForeignImages(preset, hasher).scores(hasher.embed(images, batch_size, verbose=0))
    return scores > preset.foreign["threshold"]
