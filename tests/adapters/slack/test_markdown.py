import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.markdown import (
    GLIMPSE_LENGTH,
    PLAIN_LENGTH,
    close_fence,
    defuse,
    escape,
    glimpse,
    measure,
    plain,
    render,
    settled,
)

PIECES = [
    "<", ">", "!", "@", "#", "|", "here", "channel>", "<!channel>", "<!here|x>", "<@U123>", "<#C1|general>",
    "<!subteam^S1>", "subteam^S1", "<sub", "http://a.b", "<http://a.b|label>", "<https://x.y/z|a]b>", "<http",
    "mailto:a@b", "<mailto:a@b|mail>", "<tel:1|call>", "&lt;", "&", "\n", "```", " ", "é", "😀", "(", ")",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)
READ_BY_SLACK = re.compile(r"<([!@#]|subteam)")


@given(texts)
def test_no_mention_survives(text):
    for final in (True, False):
        assert not READ_BY_SLACK.search(render(text, final=final))


@given(texts)
def test_growing_text_renders_to_growing_text(text):
    before = ""
    for end in range(len(text) + 1):
        now = render(text[:end], final=False)
        assert now.startswith(before)
        before = now
    assert render(text, final=True).startswith(before)


@given(texts)
def test_the_rendered_text_is_what_is_measured(text):
    encoded = render(text, final=True).encode(errors="surrogatepass")
    assert measure(text) == len(encoded)


@given(texts)
def test_only_the_end_is_held_back(text):
    kept = settled(text)
    assert text.startswith(kept)
    assert "<" not in text[len(kept) + 1 :]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<!channel> go", "&lt;!channel> go"),
        ("`<@U1>`", "`&lt;@U1>`"),
        ("<http://a.b|here>", "[here](http://a.b)"),
        ("<http://a.b|a]b>", r"[a\]b](http://a.b)"),
        ("<http://a.b/(x|y>", "[y](http://a.b/%28x)"),
        ("<http://a.b|http://a.b>", "<http://a.b>"),
        ("<http://a.b>", "<http://a.b>"),
        ("a < b && c > d", "a < b && c > d"),
        ("> quote <div>", "> quote <div>"),
        ("https://a.b/?x=1&y=2", "https://a.b/?x=1&y=2"),
    ],
)
def test_what_slack_would_read_is_written_so_that_it_does_not(written, read):
    assert defuse(written) == read


@pytest.mark.parametrize(
    "tail", ["<", "<s", "<subtea", "<http", "<https://a.b", "<http://a.b|lab", "<mailto:"]
)
def test_an_undecided_end_waits(tail):
    assert render(f"so {tail}", final=False) == "so "
    assert render(f"so {tail}", final=True) == f"so {tail}"


@pytest.mark.parametrize("tail", ["<d", "< ", "<http://a.b ", "<subscribe", "<http://" + "a" * 300])
def test_a_decided_end_does_not_wait(tail):
    assert render(f"so {tail}", final=False) == f"so {tail}"


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("a", "a"),
        ("```py\nx", "```py\nx\n```"),
        ("```py\nx\n", "```py\nx\n```"),
        ("```\nx\n```\nb", "```\nx\n```\nb"),
        ("````\n```\n", "````\n```\n````"),
        ("~~~\n```", "~~~\n```\n~~~"),
        ("```a`b\n", "```a`b\n"),
    ],
)
def test_an_open_fence_is_closed(text, closed):
    assert close_fence(text) == closed


def test_the_notification_is_plain_and_pings_nobody():
    text = plain("# Title\n**bold** [docs](https://a.b) <!here> & more\n```py\ncode\n```")
    assert text == "Title\nbold docs &lt;!here&gt; &amp; more\n\ncode"


@given(texts, st.integers(1, 50))
def test_an_escaped_text_is_never_cut_within_an_entity(text, limit):
    cut = escape(text, limit)
    assert len(cut) <= limit
    assert not re.search(r"&(?!amp;|lt;|gt;)", cut)


def test_the_notification_has_no_lines_that_fence_code():
    assert plain("a\n~~~ sh\nb\n~~~\n## c\n```") == "a\n\nb\n\nc"


def test_a_long_text_makes_a_short_notification():
    assert len(plain("<" * 50_000)) <= PLAIN_LENGTH
    assert plain("word " * 5_000).endswith("…")


def test_a_growing_text_makes_a_shorter_one():
    text = "**word** & " * 5_000
    short = glimpse(text)
    assert GLIMPSE_LENGTH - 20 < len(short) <= GLIMPSE_LENGTH
    assert plain(text).startswith(short.removesuffix("…"))
    assert glimpse("**word**") == plain("**word**") == "word"
