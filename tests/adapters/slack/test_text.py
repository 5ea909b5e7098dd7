import time

import pytest

from adapters.slack.text import mentions, readable, starts_with_other

ME = "U0BOT"


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("<@U0BOT> hi", "hi"),
        ("<@U0BOT|parley> hi", "hi"),
        ("hey <@U0BOT>, hi", "hey , hi"),
        ("hey <@U0BOT> what now", "hey what now"),
        ("<@U0BOT>\n\nline", "line"),
        ("<@U0BOT>  <@U0BOT> twice", "twice"),
        ("ask <@U1|ada> or <@U2>", "ask @ada or @U2"),
        ("in <#C1|general> or <#C2>", "in #general or #C2"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@devs> <!subteam^S2>", "@devs @S2"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<https://a.b/c|the docs>", "the docs (https://a.b/c)"),
        ("<https://a.b/c>", "https://a.b/c"),
        ("<http://a.b|a.b>", "http://a.b"),
        ("<mailto:a@b.c|a@b.c>", "a@b.c"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&lt;@U1&gt;", "<@U1>"),
        ("<https://a.b/?x=1&amp;y=2>", "https://a.b/?x=1&y=2"),
        ("", ""),
    ],
)
def test_what_was_typed(wire, read):
    assert readable(wire, ME) == read


def test_our_mention_is_found_by_id():
    assert mentions("a <@U0BOT> b", ME)
    assert mentions("a <@U0BOT|p> b", ME)
    assert not mentions("a <@U0BOTX> b", ME)
    assert not mentions("&lt;@U0BOT&gt;", ME)


def test_a_message_that_begins_with_somebody_else():
    assert starts_with_other(" <@U1> look", ME)
    assert not starts_with_other("<@U0BOT> look", ME)
    assert not starts_with_other("look <@U1>", ME)


def test_a_long_gap_takes_no_long_time():
    started = time.perf_counter()
    assert readable(f"a{' ' * 40_000}b", ME) == f"a{' ' * 40_000}b"
    assert time.perf_counter() - started < 0.2
