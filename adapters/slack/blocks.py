"""The arguments that make a Slack message look like a draft: blocks, notification text, metadata; pure."""

from typing import Any

from adapters.slack.markdown import close_fence, escape, plain, render
from core.messages import Draft, Target

EVENT_TYPE = "parley_message"  # of the metadata by which a lost post is found again
_EMPTY = "…"
_NOTICE_LENGTH = 3_000  # characters of a context element
_MAX_NOTICES = 10

Arguments = dict[str, Any]


def streamed(draft: Draft) -> str:
    """The text of a native stream: it only grows at its end until the draft is final."""
    text = render(draft.markdown, final=draft.final)
    return close_fence(text) if draft.final else text


def notices(draft: Draft) -> list[Arguments]:
    """Our own sentences, one small line each, apart from the answer's text."""
    return [
        {"type": "context", "elements": [{"type": "mrkdwn", "text": escape(notice, _NOTICE_LENGTH)}]}
        for notice in draft.notices[:_MAX_NOTICES]
        if notice.strip()
    ]


def content(draft: Draft) -> Arguments:
    """`text` and `blocks` of chat.postMessage and chat.update."""
    text = close_fence(render(draft.markdown, final=draft.final))
    blocks = [{"type": "markdown", "text": text}] if text.strip() else []
    blocks += notices(draft)
    fallback = plain(draft.markdown) or escape(" ".join(draft.notices), _NOTICE_LENGTH)
    return {"text": fallback if fallback.strip() else _EMPTY, "blocks": blocks}


def as_markdown(draft: Draft) -> str:
    """Everything in one Markdown text, where Slack takes no blocks."""
    parts = [close_fence(render(draft.markdown, final=draft.final))]
    parts += [f"_{escape(notice, _NOTICE_LENGTH)}_" for notice in draft.notices[:_MAX_NOTICES]]
    return "\n\n".join(part for part in parts if part.strip()) or _EMPTY


def metadata(target: Target) -> Arguments:
    """The mark by which a post whose reply was lost is recognised."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": target.key}}
