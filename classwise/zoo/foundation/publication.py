"""A paper, as cards link to it and cite it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Publication:
    """A paper: its short name, title, arXiv id and BibTeX entry."""

    name: str
    title: str
    arxiv: str
    bibtex: str

    @property
    def link(self) -> str:
        """A Markdown link to the paper."""
        return f"[{self.title}](https://arxiv.org/abs/{self.arxiv})"
