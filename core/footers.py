"""What stands under an answer beside how it ended: the documents that it rests on, and what it cost. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.answer import Answer
from core.dify.metadata import Source, Usage
from core.settings import Show

MOST = 10  # documents
LONGEST = 80  # characters of a document's name


@dataclass(frozen=True, slots=True)
class Footer:
    """A sentence (a key of core.sentences) and its values.

    `only_with`: it explains these sentences, and is said where one of them is; {}: whatever is said.
    """

    sentence: str
    values: Mapping[str, str]
    only_with: frozenset[str] = frozenset()

    def fits(self, said: Iterable[str]) -> bool:
        """Whether it belongs under a reply that says this."""
        return not self.only_with or not self.only_with.isdisjoint(said)


def footers(answer: Answer, show: Show) -> tuple[Footer, ...]:
    """What an app's configuration wants to be seen of an answer, as far as Dify told it."""
    found = []
    if show.citations and (documents := listed(answer.sources)):
        found.append(Footer("sources", {"documents": documents}))
    if show.usage and answer.usage is not None and answer.usage.total_tokens:
        found.append(Footer("usage", {"usage": _spent(answer.usage)}))
    return tuple(found)


def listed(sources: Sequence[Source]) -> str:
    """The documents, numbered in Dify's order, each once, however many pieces of it were used."""
    ordered = sorted(sources, key=lambda source: source.position or len(sources))
    names = {source.document_id or _name(source): _name(source) for source in ordered if _name(source)}
    shown = [f"{number}. {name}" for number, name in enumerate(names.values(), 1)]
    more = [f"+{len(shown) - MOST}"] if len(shown) > MOST else []
    return " · ".join([*shown[:MOST], *more])


def _name(source: Source) -> str:
    name = " ".join((source.document_name or source.title or source.dataset_name).split())
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _spent(usage: Usage) -> str:
    parts = [f"{usage.total_tokens:,}"]
    if usage.total_price.strip("0."):
        parts.append(f"{usage.total_price} {usage.currency}".strip())
    if usage.latency:
        parts.append(f"{usage.latency:.1f} s")
    return " · ".join(parts)
