"""What a card says about a data set: origin, licence, and what its images are and are not."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSetFacts:
    """Facts about a data set that its images do not tell.

    Args:
        title: as its authors write it.
        url: its page.
        hub_id: its id on huggingface.co.
        licence: one sentence.
        content: one sentence about the images, for whoever wonders whether theirs are alike.
        biases: what a model learns from them that it should not be relied on for.
    """

    title: str
    url: str
    hub_id: str
    licence: str
    content: str
    biases: str

    @property
    def link(self) -> str:
        """A Markdown link to its page."""
        return f"[{self.title}]({self.url})"


_CIFAR_LICENCE = (
    "Its authors state no licence; it is offered for research, and its photographs belong to those "
    "who took them. Whether your use is covered is yours to find out."
)
_CIFAR_BIASES = (
    "The photographs come from the 80 Million Tiny Images, which search engines returned for "
    "English nouns and which their authors withdrew in 2020 for offensive content. They show what "
    "was on the web before 2009, with its tastes and its gaps."
)

DATA_SETS = {
    "fashion_mnist": DataSetFacts(
        "Fashion-MNIST",
        "https://github.com/zalandoresearch/fashion-mnist",
        "zalando-datasets/fashion_mnist",
        "MIT licence, Zalando SE.",
        "Product photographs of one retailer, grey, one centred article each on an empty ground.",
        "One retailer's range of the 2010s decides what a dress or a shirt is. An article on a "
        "person, at an angle, in colour, or before a background is none of its images.",
    ),
    "cifar10": DataSetFacts(
        "CIFAR-10",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "uoft-cs/cifar10",
        _CIFAR_LICENCE,
        "Small colour photographs of four kinds of vehicle and six of animal, one in each.",
        _CIFAR_BIASES,
    ),
    "cifar100": DataSetFacts(
        "CIFAR-100",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "uoft-cs/cifar100",
        _CIFAR_LICENCE,
        "Small colour photographs of a hundred kinds of animal, plant, person, vehicle and thing, "
        "one in each.",
        _CIFAR_BIASES + " Five of the classes are people by sex and age, as strangers labelled "
        "them: nothing about a person follows from such a code. Ten photographs occur in both "
        "splits, which flatters every model a little.",
    ),
    "imagenet": DataSetFacts(
        "ImageNet-1k",
        "https://www.image-net.org",
        "ILSVRC/imagenet-1k",
        "Its images are given to researchers for non-commercial research and education; these "
        "weights were published by others.",
        "Photographs from the web in a thousand classes, over a hundred of them breeds of dog.",
        "Photographs and labels come from the web and from paid labellers: countries, people and "
        "things are not shown in their true proportions, and many images show people who were "
        "never asked.",
    ),
}
