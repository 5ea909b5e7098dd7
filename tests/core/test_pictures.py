"""Files of the app's own in an answer's text: shown by name, handed out, and never half shown."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pictures import LONGEST, pictured

OWN = "/files/tools/cat.png?sign=1"


def is_ours(url):
    return url.startswith(("/files/", "https://dify.example/files/"))


def shown(text, *, final=True):
    return pictured(text, is_ours, final=final)[0]


SHOWN = {
    "Plain words!": "Plain words!",
    f"See ![a cat]({OWN}) here.": "See 🖼 a cat here.",
    f'![a cat]({OWN} "Tom")': "🖼 a cat",
    f"![a cat](<{OWN}>)": "🖼 a cat",
    "![photo (1) [x].png](https://dify.example/files/f(1).png?sign=a%3D)": "🖼 photo (1) [x].png",
    f"![]({OWN})": "🖼 cat.png",
    "![](/files/tools/3f2504e0-4f89-11d3-9a0c-0305e82c3301.png?s=1)": "🖼 image-3f2504.png",
    f"![a\\_b]({OWN})": "🖼 a\\_b",
    f"[report.pdf]({OWN})": "📎 report.pdf",
    f"\\![report.pdf]({OWN})": "\\!📎 report.pdf",
    f"[![a cat]({OWN})](https://elsewhere.example)": "[🖼 a cat](https://elsewhere.example)",
    f"[![a cat]({OWN})]({OWN}&big)": "📎 🖼 a cat",
    "![a dog](https://elsewhere.example/dog.png)": "![a dog](https://elsewhere.example/dog.png)",
    "[docs](https://elsewhere.example)": "[docs](https://elsewhere.example)",
    f"`![a cat]({OWN})`": f"`![a cat]({OWN})`",
    f"```md\n![a cat]({OWN})\n```\n![a cat]({OWN})": f"```md\n![a cat]({OWN})\n```\n🖼 a cat",
    f"\\[a cat]({OWN})": f"\\[a cat]({OWN})",
    "![a cat](/files/to": "![a cat](/files/to",
    "![a cat](/files/to ols)": "![a cat](/files/to ols)",
    "![a": "![a",
    "Wow!": "Wow!",
    "list[0], [1] and [x](": "list[0], [1] and [x](",
    f"![a\ncat]({OWN})": f"![a\ncat]({OWN})",
    f"![{'a' * LONGEST}]({OWN})": f"![{'a' * LONGEST}]({OWN})",
}


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_shown_at_the_end(text):
    assert shown(text) == SHOWN[text]


@pytest.mark.parametrize("text", SHOWN)
def test_it_only_grows_wherever_it_is_cut(text):
    states = [shown(text[:end], final=False) for end in range(len(text) + 1)]
    for earlier, later in itertools.pairwise([*states, shown(text)]):
        assert later.startswith(earlier)
    if SHOWN[text] != text:
        assert not any("/files/tools" in state for state in states if "`" not in text)


PIECES = [
    *("![", "[", "]", "](", "(", ")", "!", "\\", "`", "```\n", "~~~\n", "<", ">", '"', "'", " ", "\n", "a"),
    *("/files/x.png", "https://no.example", f"![cat]({OWN})", f"[a]({OWN})", "data:image/png;base64,QQ=="),
    *("![a](da", "ta:image/", "[a [b] c](/files/z)", "😀"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_any_mixture_only_grows(pieces):
    text = "".join(pieces)
    states = [shown(text[:end], final=False) for end in range(len(text) + 1)]
    for earlier, later in itertools.pairwise([*states, shown(text)]):
        assert later.startswith(earlier)


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.booleans())
def test_without_files_of_ours_the_whole_text_stays(pieces, final):
    text = "".join(piece for piece in pieces if "data:" not in piece and "da" not in piece)
    seen, files = pictured(text, lambda _: False, final=final)
    assert files == ()
    assert text == seen if final else text.startswith(seen)


def test_the_files_come_in_their_order_each_once():
    text = f"![a cat]({OWN}) [b.pdf](/files/b) ![again](https://dify.example{OWN}&other)"
    [cat, pdf] = pictured(text, is_ours, final=True)[1]
    assert (cat.type, cat.name, cat.url) == ("image", "a cat", OWN)
    assert (pdf.type, pdf.name, pdf.url) == ("", "b.pdf", "/files/b")


def test_files_are_known_as_soon_as_they_are_named():
    text = f"![a cat]({OWN})"
    assert pictured(text[:-1], is_ours, final=False) == ("", ())
    assert len(pictured(text, is_ours, final=False)[1]) == 1


def test_an_unfinished_image_is_held_back_only_so_long():
    begun = "![a](" + "u" * (LONGEST - 5)
    assert shown(f"So: {begun}", final=False) == "So: "
    assert shown(f"So: {begun}u", final=False) == f"So: {begun}u"
    assert shown(f"So: {begun}) yes", final=False) == f"So: {begun}) yes"


def test_a_picture_that_is_its_own_address_never_shows_in_the_chat():
    text = "Here: ![plot](data:image/png;base64," + "QUJD" * 10_000 + ") done"
    assert shown(text[:-9], final=False) == "Here: "
    seen, [file] = pictured(text, lambda _: False, final=True)
    assert (seen, file.name, len(file.url)) == ("Here: 🖼 plot done", "plot", 40_022)


@pytest.mark.parametrize("text", ["[" * 20_000, "[a" * 10_000, "![a](" * 4_000, "[a]" * 7_000, "`[" * 9_000])
def test_hostile_text_costs_little(text):
    began = time.process_time()
    pictured(text, is_ours, final=False)
    assert time.process_time() - began < 2.0
