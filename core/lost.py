"""What is known of an answer that was lost sight of. Pure."""

from dataclasses import dataclass, replace

from core.answer import Answer
from core.dify.questions import Question
from core.store.rows import Turn


@dataclass(frozen=True, slots=True)
class Lost:
    """What is known of an answer that was lost sight of."""

    question: Question
    sent_at: float
    task_id: str = ""
    message_id: str = ""
    run_id: str = ""
    text: str = ""  # as far as it was read
    decided: str = ""  # the token of the form that a person has answered: the run is about to go on

    @classmethod
    def before_us(cls, turn: Turn, question: Question) -> "Lost":
        """An answer that a process before us read, as far as it was kept."""
        return cls(
            question,
            sent_at=turn.sent_at or turn.queued_at,
            task_id=turn.task_id,
            message_id=turn.message_id,
            run_id=turn.run_id,
            text=turn.text.removesuffix(str(turn.pause.get("text") or "")).rstrip(),
            decided=str(turn.pause.get("token") or ""),
        )

    @classmethod
    def on_the_way(cls, question: Question, answer: Answer, sent_at: float) -> "Lost":
        """An answer whose stream broke off while we read it."""
        conversation = answer.conversation_id or question.conversation_id
        return cls(
            replace(question, conversation_id=conversation),
            sent_at=sent_at,
            task_id=answer.task_id,
            message_id=answer.message_id,
            run_id=answer.run_id,
            text=answer.text,
        )
