"""Every sentence exists in every language, with the same placeholders, and is spoken in the right one."""

import ast
import re
import string
from pathlib import Path

import pytest

import core
from core.dify.errors import CODES
from core.sentences import CATALOGUE, language, say

LANGUAGES = {"en", "ja", "zh"}


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("sentence", CATALOGUE)
def test_a_sentence_stands_in_every_language_with_the_same_placeholders(sentence):
    texts = CATALOGUE[sentence]
    assert set(texts) == LANGUAGES
    assert len({frozenset(placeholders(text)) for text in texts.values()}) == 1
    assert all(text.strip() == text and text for text in texts.values())
    assert len(set(texts.values())) == 3


@pytest.mark.parametrize("sentence", CATALOGUE)
def test_code_words_are_not_translated(sentence):
    words = {lang: set(re.findall(r"`(\w+)`", text)) for lang, text in CATALOGUE[sentence].items()}
    assert words["en"] == words["ja"] == words["zh"]


def test_every_sentence_that_an_advice_names_exists():
    assert {advice.sentence for advice in CODES.values()} <= set(CATALOGUE)
    named = set()
    for file in Path(core.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Advice" and node.args:
                named |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
    assert len(named) > 10
    assert named <= set(CATALOGUE)


def test_every_sentence_is_said_somewhere():
    code = "".join(
        file.read_text() for file in Path(core.__file__).parent.rglob("*.py") if file.name != "sentences.py"
    )
    assert [sentence for sentence in CATALOGUE if f'"{sentence}"' not in code] == []


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("Hello", "", "en"),
        ("Hello", "de-DE", "en"),
        ("Hello", "ja-JP", "ja"),
        ("Hello", "zh-TW", "zh"),
        ("こんにちは", "en-US", "ja"),
        ("カタカナ", "", "ja"),
        ("ﾊﾝｶｸ", "", "ja"),
        ("漢字かな", "zh-CN", "ja"),
        ("你好", "", "zh"),
        ("你好", "en-US", "zh"),
        ("会議", "ja", "ja"),
        ("", "", "en"),
        ("👍 ok", "JA", "ja"),
    ],
)
def test_the_language_is_that_of_the_text_then_of_the_person(text, locale, expected):
    assert language(text, locale) == expected


def test_values_are_put_in_as_they_are():
    said = say("too_long", "en", length=50_000, limit=40_000)
    assert "50000" in said
    assert "40000" in said
    assert "{app}" in say("help", "zh", app="{app}")  # a name with braces is no placeholder


def test_another_language_is_english():
    assert say("stopped", "fr") == CATALOGUE["stopped"]["en"]
