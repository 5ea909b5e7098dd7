"""What stands under an answer: documents, each once, and what it cost."""

import pytest

from core.answer import Answer, Outcome
from core.dify.events import parse
from core.dify.metadata import Source, Usage
from core.footers import LONGEST, MOST, footers, listed
from core.settings import Show


def source(name, position=None, document="", **more):
    return Source(document_name=name, position=position, document_id=document or name, **more)


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ((), ""),
        ((source("Handbook.pdf", 1),), "1. Handbook.pdf"),
        ((source("B", 2), source("A", 1)), "1. A · 2. B"),
        ((source("A", 1), source("B", 2), source("A", 3)), "1. A · 2. B"),
        ((source("A", 1, "d1"), source("A", 2, "d2")), "1. A · 2. A"),  # two documents of one name
        ((source("unplaced"), source("first", 1)), "1. first · 2. unplaced"),
        ((Source(title="A page of the web"),), "1. A page of the web"),
        ((Source(dataset_name="Knowledge"), Source()), "1. Knowledge"),
        ((source("line\none\ttwo"),), "1. line one two"),
    ],
)
def test_documents_are_numbered_in_difys_order_each_once(sources, said):
    assert listed(sources) == said


def test_many_and_long_names_are_cut():
    said = listed([source(f"{number} " + "x" * 200, number) for number in range(1, MOST + 4)])
    assert said.endswith("… · +3")
    assert len(said) < (LONGEST + 8) * (MOST + 1)


def test_what_the_configuration_does_not_want_is_not_said():
    answer = Answer.ended(Outcome.COMPLETE, sources=(source("A", 1),), text="Hi")
    answer.usage = Usage(total_tokens=1234, total_price="0.0012000", currency="USD", latency=2.34)
    assert [footer.sentence for footer in footers(answer, Show())] == ["sources"]
    assert footers(answer, Show(citations=False)) == ()
    (usage,) = footers(answer, Show(citations=False, usage=True))
    assert usage.values == {"usage": "1,234 · 0.0012000 USD · 2.3 s"}


@pytest.mark.parametrize("usage", [None, Usage(), Usage(total_tokens=5, total_price="0.000")])
def test_what_dify_does_not_tell_is_not_said(usage):
    answer = Answer.ended(Outcome.COMPLETE, text="Hi")
    answer.usage = usage
    said = [footer.values["usage"] for footer in footers(answer, Show(usage=True))]
    assert said == (["5"] if usage and usage.total_tokens else [])


def test_they_come_with_the_end_of_the_stream():
    answer = Answer()
    answer.take(parse(b'{"event": "message", "answer": "Hi"}'))
    metadata = b'{"retriever_resources": [{"document_name": "A"}], "usage": {"total_tokens": 7}}'
    answer.take(parse(b'{"event": "message_end", "metadata": ' + metadata + b"}"))
    assert answer.outcome is Outcome.COMPLETE
    assert [each.document_name for each in answer.sources] == ["A"]
    assert answer.usage.total_tokens == 7


@pytest.mark.parametrize("metadata", [b"null", b"7", b'{"retriever_resources": 5, "usage": []}'])
def test_odd_metadata_costs_no_verdict(metadata):
    answer = Answer()
    answer.take(parse(b'{"event": "message_end", "metadata": ' + metadata + b"}"))
    assert (answer.outcome, answer.sources) == (Outcome.COMPLETE, ())
