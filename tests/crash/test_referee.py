"""The referee of the crash test: each kind of violation is found, and what is right is left alone."""

from types import SimpleNamespace

import pytest

from bench.crash.posts import Post
from bench.crash.questions import Ask, Hit, Question, pieces_of, remainder, tokens_for, tokens_in
from bench.crash.referee import Wrong, judge
from bench.crash.report import Report, Result

PLACE = "slack/C1/1.0"
WORDS = 10


class Talk:
    """A conversation with so many answered questions, ten seconds apart."""

    platform, kind, number, place = "slack", "thread", 1, PLACE

    def __init__(self, count=1, mode="chat"):
        self.mode = mode
        self.questions = []
        for number in range(1, count + 1):
            question = Question(number, self, WORDS, posted_at=10.0 * number)
            self.questions.append(question)
            self.ask(question, question.posted_at + 1)
            question.done_at = question.posted_at + 3
        self.posts = [self.post(question, 1) for question in self.questions]

    def ask(self, question, at, status="succeeded", seconds=1.5):
        ordinal = len(question.asks) + 1
        tokens = tokens_for(question.number, ordinal, WORDS)
        ask = Ask(ordinal, SimpleNamespace(mode=self.mode), tokens, at, at + 0.1, at + seconds, status)
        question.asks.append(ask)
        return ask

    def post(self, question, ordinal, words=slice(None), at=2.0, **fields):
        text = " ".join(tokens_for(question.number, ordinal, WORDS)[words])
        return note(text, question.posted_at + at, **fields)

    def wrongs(self):
        return sorted(violation.wrong for violation in self.verdict().violations)

    def verdict(self):
        blows = [hit for question in self.questions for hit in question.hits]
        return judge([self], sorted(self.posts, key=lambda post: post.at), blows)


def note(text, at, place=PLACE, **fields):
    return Post(f"key-{at}-{text}", place, at, text, ((at, text),), **fields)


def test_right_answers_are_left_alone():
    assert Talk(3).wrongs() == []


def test_an_answer_may_stand_on_two_pages():
    talk = Talk()
    question = talk.questions[0]
    talk.posts = [talk.post(question, 1, slice(0, 6)), talk.post(question, 1, slice(6, None), at=2.5)]
    assert talk.wrongs() == []


def test_pages_of_two_runs_are_no_answer():
    talk = Talk()
    question = talk.questions[0]
    question.done_at = None
    talk.ask(question, 14.0)
    question.asks[0].status = "lost"
    talk.posts = [talk.post(question, 1, slice(0, 6)), talk.post(question, 2, slice(6, None), at=2.5)]
    assert talk.wrongs() == [Wrong.HALF, Wrong.LOST]


def test_a_question_without_any_message_is_lost():
    talk = Talk(2)
    talk.questions[1].done_at = None
    del talk.posts[1]
    assert talk.wrongs() == [Wrong.LOST]


def test_a_question_that_never_reached_dify_is_lost():
    talk = Talk()
    talk.questions[0].asks.clear()
    talk.questions[0].done_at = None
    talk.posts.clear()
    assert talk.wrongs() == [Wrong.LOST]


@pytest.mark.parametrize("words", [slice(0, 5), slice(0, -1), slice(1, None)])
def test_a_part_of_an_answer_is_half_written(words):
    talk = Talk()
    talk.questions[0].done_at = None
    talk.posts = [talk.post(talk.questions[0], 1, words)]
    assert talk.wrongs() == [Wrong.HALF, Wrong.LOST]


def test_an_answer_with_a_remark_in_it_is_not_the_answer():
    talk = Talk()
    talk.questions[0].done_at = None
    talk.posts = [note(talk.posts[0].text + "\n-# Please ask again.", 12.0)]
    assert talk.wrongs() == [Wrong.HALF, Wrong.LOST]


def test_a_stream_left_open_is_half_written():
    talk = Talk()
    talk.questions[0].done_at = None
    talk.posts = [talk.post(talk.questions[0], 1, streaming=True)]
    assert Wrong.HALF in talk.wrongs()


def test_what_stood_once_and_is_gone_is_reverted():
    talk = Talk()
    talk.posts = [talk.post(talk.questions[0], 1, slice(0, 5))]
    assert talk.wrongs() == [Wrong.HALF, Wrong.LOST, Wrong.REVERTED]


def test_two_messages_with_the_answer_are_an_answer_twice():
    talk = Talk()
    talk.posts.append(talk.post(talk.questions[0], 1, at=4.0))
    assert talk.wrongs() == [Wrong.TWICE]


def test_a_note_beside_the_answer_is_an_answer_twice():
    talk = Talk(2)
    talk.posts.append(note("I was restarted. Please ask again.", 14.0))
    assert [(v.wrong, v.about) for v in talk.verdict().violations] == [(Wrong.TWICE, "q0001")]


def test_a_note_counts_to_the_question_that_was_hit():
    talk = Talk(2)
    first, second = talk.questions
    first.hits.append(Hit(13.5, "after_final", "SIGKILL", "a"))
    second.posted_at = 13.0
    talk.posts.append(note("I was restarted. Please ask again.", 14.5))
    assert [(v.wrong, v.about) for v in talk.verdict().violations] == [(Wrong.TWICE, "q0001")]


def test_a_note_alone_is_no_answer():
    talk = Talk()
    talk.questions[0].done_at = None
    talk.posts = [note("I was restarted. Please ask again.", 14.0)]
    assert talk.wrongs() == [Wrong.LOST]


def test_a_rest_of_text_beside_the_answer_is_half_written_and_twice():
    talk = Talk()
    talk.posts.insert(0, talk.post(talk.questions[0], 1, slice(0, 3), at=1.5))
    assert talk.wrongs() == [Wrong.HALF, Wrong.TWICE]


def test_questions_are_asked_in_their_order():
    talk = Talk(2)
    talk.questions[0].asks[0].at = 25.0
    talk.questions[0].asks[0].ended_at = 26.0
    assert talk.wrongs() == [Wrong.ORDER]


def test_a_question_is_not_asked_again_behind_the_next():
    talk = Talk(2)
    talk.questions[0].asks[0].status = "lost"
    talk.ask(talk.questions[0], 25.0)
    assert talk.wrongs() == [Wrong.ORDER]


def test_answers_come_in_the_order_of_their_questions():
    talk = Talk(2)
    talk.posts[0] = talk.post(talk.questions[0], 1, at=15.0)
    assert talk.wrongs() == [Wrong.ORDER]


def test_a_conversation_runs_once_at_a_time():
    talk = Talk(2)
    talk.questions[0].asks[0].ended_at = 21.5
    assert talk.wrongs() == [Wrong.OVERLAP]


@pytest.mark.parametrize(
    ("status", "ended", "wrong"),
    [
        ("lost", 12.0, []),
        ("stopped", 12.0, []),
        ("succeeded", 12.0, [Wrong.NEEDLESS]),  # it could have been read
        ("succeeded", 16.0, [Wrong.NEEDLESS, Wrong.OVERLAP]),  # it went on
        ("running", None, [Wrong.NEEDLESS, Wrong.OVERLAP]),
    ],
)
def test_dify_is_asked_again_only_where_it_has_nothing(status, ended, wrong):
    talk = Talk()
    question = talk.questions[0]
    question.asks[0].status, question.asks[0].ended_at = status, ended
    talk.ask(question, 15.0)
    talk.posts = [talk.post(question, 2, at=6.0)]
    verdict = talk.verdict()
    assert sorted(violation.wrong for violation in verdict.violations) == wrong
    assert verdict.asked_again == 1


@pytest.mark.parametrize(
    ("mode", "hit", "wrong"),
    [
        ("advanced-chat", 11.05, []),  # no id can have been kept
        ("advanced-chat", 11.6, [Wrong.RETRY]),
        ("advanced-chat", 10.5, [Wrong.RETRY]),  # before it was asked
        ("chat", 11.05, [Wrong.RETRY]),
    ],
)
def test_a_retry_button_is_right_only_for_a_chatflow_without_an_id(mode, hit, wrong):
    talk = Talk(mode=mode)
    question = talk.questions[0]
    question.done_at = None
    question.hits.append(Hit(hit, "asked", "SIGKILL", "a"))
    talk.posts = [note("Shall I try again?", 14.0, buttons=True)]
    verdict = talk.verdict()
    assert [violation.wrong for violation in verdict.violations] == wrong
    assert verdict.retries == 1


def test_an_answer_that_was_short_for_a_while_is_counted_but_not_wrong():
    talk = Talk()
    text = talk.posts[0].text
    history = ((12.0, text[:30]), (13.0, text), (14.0, text[:30]), (15.0, text))
    talk.posts = [Post("key", PLACE, 12.0, text, history)]
    verdict = talk.verdict()
    assert verdict.violations == ()
    assert verdict.flickers == 1


@pytest.mark.parametrize("words", [1, 30, 180, 850])
def test_the_pieces_of_an_answer_are_its_words(words):
    tokens = tokens_for(17, 2, words)
    pieces = pieces_of(tokens, 20)
    assert len(pieces) <= 20
    assert tokens_in("".join(pieces)) == tokens
    assert remainder("".join(pieces)) == ""


def test_text_of_a_run_before_the_last_one_is_no_flicker():
    talk = Talk()
    question = talk.questions[0]
    question.asks[0].status = "lost"
    question.asks[0].ended_at = 12.0
    talk.ask(question, 13.0)
    first, second = (" ".join(ask.tokens) for ask in question.asks)
    history = ((12.0, first[:60]), (14.0, second[:30]), (15.0, second))
    talk.posts = [Post("key", PLACE, 12.0, second, history)]
    assert talk.verdict().violations == ()
    assert talk.verdict().flickers == 0


@pytest.mark.parametrize(
    ("how", "ended", "status", "wrong"),
    [
        ("SIGTERM", 17.5, "stopped", []),
        ("SIGTERM", 13.5, "stopped", [Wrong.RETRY]),  # there was time left
        ("SIGTERM", 17.4, "succeeded", []),  # its own end and the stop crossed
        ("SIGTERM", 17.6, "succeeded", [Wrong.RETRY]),  # the stop should have come first
        ("SIGTERM", 16.9, "succeeded", [Wrong.RETRY]),  # the whole text had come
        ("SIGKILL", 17.5, "stopped", [Wrong.RETRY]),
    ],
)
def test_a_process_that_has_to_go_may_cut_an_answer_short(how, ended, status, wrong):
    talk = Talk()
    question = talk.questions[0]
    question.done_at = None
    question.hits.append(Hit(12.0, "random", how, "a"))
    question.asks[0].status, question.asks[0].ended_at = status, ended
    talk.posts = [talk.post(question, 1, slice(0, 5), buttons=True)]
    assert talk.wrongs() == wrong


def test_a_report_does_not_unfold_when_somebody_looks_at_it():
    talk = Talk(20)
    result = Result("sqlite", (20, 0), talk.questions, posts=talk.posts, verdict=talk.verdict())
    assert result.ok
    assert len(repr(Report([result]))) < 200
    assert len(repr(talk.questions)) < 4000


def test_a_violation_is_told_with_its_circumstances():
    talk = Talk(2)
    question = talk.questions[1]
    question.done_at = None
    question.hits.append(Hit(21.5, "mid_text", "SIGKILL", "sqlite-a-003", "q0002"))
    talk.posts[1] = talk.post(question, 1, slice(0, 4))
    result = Result("sqlite", (2, 1), talk.questions, question.hits, talk.posts, talk.verdict())
    report = Report([result, Result("postgres-2", skipped="no server")])
    assert not report.ok
    told = report.table()
    assert "q0002: lost: its whole answer stands nowhere; half: 1 of 1 texts are not whole" in told
    assert "1.00 asked, run 1 (succeeded); 1.50 SIGKILL at mid_text of q0002 to sqlite-a-003" in told
    assert "q0002r1w0000…q0002r1w0003 (4 words)" in told
    assert "postgres-2: skipped: no server" in told


def test_a_run_without_its_kills_is_not_good():
    talk = Talk(2)
    assert Result("sqlite", (2, 0), talk.questions, verdict=talk.verdict()).ok
    assert not Result("sqlite", (2, 1), talk.questions, verdict=talk.verdict()).ok
    assert not Result("sqlite", (3, 0), talk.questions, verdict=talk.verdict()).ok
    assert not Result("sqlite", (2, 0), talk.questions, broken="it did not start").ok
