"""How a head learns, whatever its loss."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long a head learns, and what it looks like.

    Args:
        epochs: rounds; centers are re-estimated after each.
        steps: batches a round.
        batch_size: images a batch.
        hidden_units: of the layer below the hash layer, 0 for none.
    """

    epochs: int
    steps: int
    batch_size: int
    hidden_units: int
