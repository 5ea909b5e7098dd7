"""Pages: nothing lost, limits kept, fences balanced, shown text only grows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.pages import Pages, closed, open_fence, split

PIECES = st.sampled_from(
    ["word ", "Sentence one. ", "\n", "\n\n", "```\n", "```python\n", "~~~\n", "````\n", "`x` ",
     "日本語です。", "|a|b|\n", "- item\n", "👩\u200d👩\u200d👧", "e\u0301", "x" * 40, "  ```js\n", "```",
     "~~~~ info\n", "    code\n", "\r\n", "     ```sh\n", "     ```\n"]
)  # fmt: skip
MARKDOWN = st.one_of(st.lists(PIECES, max_size=80).map("".join), st.text(max_size=400))


def utf8(text):
    return len(text.encode())


@given(MARKDOWN, st.integers(1, 200), st.sampled_from([len, utf8]))
@settings(max_examples=300, deadline=None)
def test_a_finished_text_is_cut_within_the_limit_and_balanced(text, limit, measure):
    limit = max(limit, 4) if measure is utf8 else limit  # one character may take four bytes
    pages = split(text, limit, measure)
    assert all(measure(page) <= limit for page in pages)
    assert all(open_fence(page) is None for page in pages)
    assert pages


def around(page):
    """Every way to take a page apart into a fence opened again, its source, and a fence closed."""
    markdown, source = page.markdown, page.source
    for at in range(len(markdown) - len(source) + 1):
        before, after = markdown[:at], markdown[at + len(source) :]
        reopened = not before or (before.endswith("\n") and open_fence(before) is not None)
        if markdown.startswith(source, at) and reopened and not after.strip("\n`~ \t"):
            yield before, after


@given(MARKDOWN, st.integers(1, 300))
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost(text, limit):
    pages = Pages(limit, len).update(text, final=True)
    assert "".join(page.source for page in pages) == text
    for page in pages:
        assert list(around(page))


@given(MARKDOWN, st.integers(30, 200), st.lists(st.integers(1, 30), min_size=1, max_size=60))
@settings(max_examples=300, deadline=None)
def test_while_it_grows_no_page_ever_takes_text_back(text, limit, steps):
    pages = Pages(limit, len)
    seen = []
    at = 0
    for step in [*steps, len(text)]:
        at = min(len(text), at + step)
        now = pages.update(text[:at], final=False)
        for index, page in enumerate(now):
            assert len(closed(page.markdown)) <= limit
            if index < len(seen):
                assert page.markdown.startswith(seen[index].rstrip("\n")) or page.markdown.startswith(
                    seen[index]
                )
                seen[index] = page.markdown
            else:
                seen.append(page.markdown)
    last = pages.update(text, final=True)
    assert [page.closed for page in last] == [True] * len(last)
    for index, markdown in enumerate(seen[: len(last)]):
        assert last[index].markdown.startswith(markdown.rstrip("\n"))
    assert len(last) >= len([m for m in seen if m])


@given(MARKDOWN, st.integers(30, 200), st.lists(st.integers(0, 30), min_size=1, max_size=60))
@settings(max_examples=300, deadline=None)
def test_what_is_measured_has_its_fence_closed_however_the_text_grew(text, limit, steps):
    def strictly(body):
        assert open_fence(body) is None
        return len(body)

    pages = Pages(limit, strictly)
    at = 0
    for step in [*steps, len(text)]:
        at = min(len(text), at + step)
        now = pages.update(text[:at], final=False)
        assert pages.update(text[:at], final=False) == now
        if not step:
            pages.roll()


def test_a_fence_that_was_not_shown_yet_and_is_taken_back_leaves_nothing():
    line = "A line that is rather long, without a stop\n"
    pages = Pages(len(line) + 15, len)
    assert pages.update(f"{line}     ```\nab\n```", final=False)[0].markdown == line
    last = pages.update(f"{line}no fence at all", final=True)
    assert not pages.redrawn
    assert [page.markdown for page in last] == [f"{line}no fence at all"]


def test_a_page_that_stops_before_the_end_of_a_fence_has_room_to_close_it():
    text = "日本語です。```\n  ```js\n    code\n```\n"
    page = Pages(30, len).update(text[:30], final=False)[-1]
    assert len(closed(page.markdown)) <= 30


def test_a_cut_fence_is_closed_and_opened_again_with_its_language():
    text = "Look:\n\n```python\n" + "".join(f"line_{n} = {n}\n" for n in range(20)) + "```\nDone."
    first, *rest = split(text, 120)
    assert first.endswith("\n```")
    assert all(page.startswith("```python\n") for page in rest)
    assert rest[-1].endswith("```\nDone.")


def test_a_fence_inside_a_list_is_cut_like_any_other():
    text = (
        "1. Do this:\n\n     ```sh\n" + "".join(f"     step {n}\n" for n in range(20)) + "     ```\n2. Done."
    )
    pages = split(text, 120)
    assert len(pages) > 2
    assert all(page.startswith("     ```sh\n") for page in pages[1:-1])
    assert all(page.endswith("     ```") for page in pages[:-1])


def test_a_paragraph_border_is_preferred():
    text = "First paragraph here.\n\nSecond one. It is longer than the first one was."
    assert split(text, 45)[0] == "First paragraph here.\n\n"


def test_a_page_does_not_end_in_an_empty_code_block():
    text = (
        "Some words that fill the page nicely, then code:\n```python\nprint('hello world, this is long')\n```"
    )
    assert "```" not in split(text, 70)[0]


def test_a_heading_stays_with_what_follows():
    text = "A first paragraph that fills most of the page.\n\n### Next\n\nWhat comes under the heading."
    first, second = split(text, 65)
    assert second.startswith("### Next")
    assert first == "A first paragraph that fills most of the page.\n\n"


def test_a_replacement_is_drawn_anew():
    pages = Pages(40, len)
    pages.update("a sentence. " * 10, final=False)
    assert [page.markdown for page in pages.update("moderated", final=True)] == ["moderated"]


def test_rolling_closes_the_page_where_it_stands():
    pages = Pages(1000, len)
    pages.update("```js\nlet a = 1;\n", final=False)
    pages.roll()
    now = pages.update("```js\nlet a = 1;\nlet b = 2;\n```", final=True)
    assert [page.markdown for page in now] == ["```js\nlet a = 1;\n```", "```js\nlet b = 2;\n```"]


def test_measuring_in_bytes_keeps_japanese_whole():
    pages = split("日本語の文章です。" * 50, 100, utf8)
    assert "".join(pages) == "日本語の文章です。" * 50
    assert all(page.endswith("。") for page in pages)
