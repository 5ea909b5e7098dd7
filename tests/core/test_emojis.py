"""An emoji is one emoji, whichever of its names or skins it comes in."""

import pytest

from core.emojis import canonical, meanings

SAME = [
    {"+1", ":+1:", "thumbsup", "👍", "👍🏽", "+1::skin-tone-3", "thumbsup::skin-tone-6", "👍\ufe0f"},
    {"-1", "thumbsdown", "👎", "👎🏿"},
    {"heart", "❤", "❤️", ":heart:"},
    {"tada", "🎉"},
    {"x", "❌"},
    {"confused", "😕"},
    {"white_check_mark", "✅"},
    {"octagonal_sign", "🛑"},
    {"eyes", "👀"},
]


@pytest.mark.parametrize("names", SAME, ids=[min(names) for names in SAME])
def test_all_names_of_an_emoji_are_one(names):
    assert len({canonical(name) for name in names}) == 1


def test_different_emojis_stay_different():
    assert len({canonical(min(names)) for names in SAME}) == len(SAME)


def test_a_custom_emoji_is_its_name():
    assert canonical("partyparrot") == canonical(":partyparrot:") == "partyparrot"


def test_canonical_is_stable():
    for names in SAME:
        for name in names:
            assert canonical(canonical(name)) == canonical(name)


def test_meanings_are_found_by_any_spelling():
    table = meanings({"like": ["+1", "❤️", "partyparrot"], "dislike": ["👎"]})
    assert table[canonical("👍🏻")] == "like"
    assert table[canonical("heart")] == "like"
    assert table[canonical("partyparrot")] == "like"
    assert table[canonical("thumbsdown::skin-tone-2")] == "dislike"
    assert canonical("eyes") not in table
