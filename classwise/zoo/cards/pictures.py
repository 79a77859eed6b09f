"""What the pictures of cards show; `tools/publish/card_pictures.py` draws them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """What a picture shows, for whoever cannot see it, and what stands below it."""

    description: str
    caption: str


PICTURES = {
    "neighbours.png": Picture(
        "Four queries, each with its six nearest database images",
        "The first query of each of four classes and its nearest database images, not chosen by "
        "their success. A solid frame and a tick mark the query's class, a dashed frame and a "
        "cross another one; the number is the Hamming distance.",
    ),
    "distances.png": Picture(
        "Two histograms of Hamming distances, of same-class and of different-class pairs",
        "Hamming distances of all pairs of a query and a database image, in per cent of the pairs "
        "of either kind. The less the two overlap, the better.",
    ),
}
