"""What a fitting does: its numbers, chosen by measurement (docs/FITTING.md)."""

from __future__ import annotations

import dataclasses

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.integers import as_integer

#: Fewer different photos make no clusters that would tell anything of others.
FEWEST_PHOTOS = 50


#: Names of what a plan chooses among; who does it has an entry of each name.
CHOICES = {
    "start": ("itq", "random"),
    "memberships": ("fixed", "hard", "averaged", "soft"),
    "thresholds": ("zero", "median", "itq"),
}
STEPS = ("steps", "batch_size", "steps_a_round")


@dataclasses.dataclass(frozen=True)
class FittingPlan:
    """The settings of a fitting; the defaults are those that measured best.

    Args:
        axes: principal axes that the teacher keeps, at most; few photos keep fewer.
        photos_an_axis: of so many photos or more each axis is worth keeping.
        whitening: power of its deviation that each of them is divided by, 0 to 1.
        neighbors: nearest photos that each photo is averaged with, 0 for none.
        clusterings: photos a cluster, on average, of every clustering; each at least 2.
        most_clusters: of one clustering, however many photos there are.
        start: what the head starts as, a name of `starting_heads.STARTS`.
        memberships: how they are re-estimated, a name of `memberships.RULES`.
        thresholds: how outputs become bits, a name of `thresholds.THRESHOLDS`.
        code_weight: of the distance to the teacher's codes, beside the class-wise loss.
        head_axes: principal axes of the features that the head is learned on.
        steps, batch_size, learning_rate: of the gradient descent (Adam, cosine schedule).
        steps_a_round: between two re-estimations of centers and memberships.
    """

    axes: int = 128
    photos_an_axis: int = 5
    whitening: float = 0.3
    neighbors: int = 5
    clusterings: tuple[float, ...] = (165, 82, 41, 20, 10, 5)
    most_clusters: int = 4096
    start: str = "itq"
    memberships: str = "fixed"
    thresholds: str = "median"
    code_weight: float = 1.0
    head_axes: int = 512
    steps: int = 500
    batch_size: int = 128
    learning_rate: float = 1e-3
    steps_a_round: int = 50

    def __post_init__(self):
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise unknown_name(f"value of {name}", str(getattr(self, name)), known)
        if not self.clusterings or min(self.clusterings) < 2:
            raise InputError(
                f"clusterings is {self.clusterings!r}; give photos a cluster, 2 or more, of one "
                "clustering or several."
            )
        for name in ("axes", "photos_an_axis", "head_axes", "most_clusters", *STEPS):
            value = getattr(self, name)
            if (as_integer(value) or 0) < 1:
                raise InputError(f"{name} is {value!r}; it must be an integer from 1 on.")

    def cluster_counts(self, photos: int) -> list[int]:
        """Returns how many clusters each clustering has: 2 or more, no number twice.

        Where `most_clusters` cuts, the counts keep their ratios.

        Example:

        >>> FittingPlan().cluster_counts(8242)
        [50, 101, 201, 412, 824, 1648]
        >>> FittingPlan().cluster_counts(60)
        [2, 3, 6, 12]
        """
        finest = min(self.clusterings)
        photos = min(photos, self.most_clusters * finest)
        return sorted({max(2, round(photos / each)) for each in self.clusterings})

    def teacher_axes(self, photos: int) -> int:
        """Returns how many axes the teacher keeps: those beyond say more of single photos.

        Example:

        >>> FittingPlan().teacher_axes(200), FittingPlan().teacher_axes(8242)
        (40, 128)
        """
        return max(2, min(self.axes, photos // self.photos_an_axis))

    def count_steps(self, photos: int) -> int:
        """Returns the number of steps of a fitting: its clusterings, and those of the descent."""
        return len(self.cluster_counts(photos)) + self.steps
