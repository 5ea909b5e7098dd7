"""The demo app's answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.stage_answers import compose, language, words

ENGLISH, JAPANESE, CHINESE = "How do I reset my password?", "パスワードを忘れました", "我忘记了密码"


@pytest.mark.parametrize(
    ("question", "heading"),
    [(ENGLISH, "## Reset your password"), (JAPANESE, "## パスワードの再設定"), (CHINESE, "## 重置密码")],
)
def test_a_first_answer_is_rich_and_in_the_language_of_the_question(question, heading):
    answer = compose(question, 1, question)
    assert answer.startswith(heading)
    assert "\n1. " in answer
    assert "```bash\n" in answer
    assert "\n| --- | --- |" in answer


@pytest.mark.parametrize(
    ("question", "turn"), [(ENGLISH, "question 2"), (JAPANESE, "2 番目"), (CHINESE, "第 2 个")]
)
def test_a_second_answer_remembers_the_first_question(question, turn):
    answer = compose(question, 2, "My printer burns")
    assert turn in answer
    assert "My printer burns" in answer


def test_a_follow_up_without_a_topic_stays_with_the_first():
    assert "spam folder" in compose("And if no mail arrives?", 2, ENGLISH)


@pytest.mark.parametrize("question", ["a long answer", "長い答えをください", "请给我一个长的回答"])
def test_a_long_answer_does_not_fit_one_discord_message(question):
    answer = compose(question, 1, question)
    assert len(answer) > 2_000
    assert "```python\n" in answer


@given(st.text())
def test_cutting_into_words_loses_nothing(text):
    assert "".join(words(text)) == text


def test_languages_without_blanks_stream_in_pieces_too():
    assert max(map(len, words(compose(JAPANESE, 1, JAPANESE)))) < 40
    assert len(words("これは長い文章です")) == 3
    assert language("漢字だけではない") == "ja"
