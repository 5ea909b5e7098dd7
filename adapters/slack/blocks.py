"""The arguments that make a Slack message look like a draft: blocks, notification text, metadata; pure."""

from collections.abc import Mapping
from typing import Any

from adapters.slack.cards import trace
from adapters.slack.markdown import close_fence, escape, glimpse, plain, render
from core.messages import Button, Draft, Target

EVENT_TYPE = "parley_message"  # of the metadata by which a lost post is found again
_EMPTY = "…"
_NOTICE_LENGTH = 3_000  # characters of a context element
_MAX_NOTICES = 10
_MAX_BUTTONS = 25
_LABEL_LENGTH = 75  # characters
# Of the action_id, which must differ within a row. Another program with our token may have buttons as well.
_OURS = "parley:"

Arguments = dict[str, Any]


def streamed(draft: Draft) -> str:
    """The text of a native stream: it only grows at its end until the draft is final."""
    text = render(draft.markdown, final=draft.final)
    return close_fence(text) if draft.final else text


def notices(draft: Draft) -> list[Arguments]:
    """Our own sentences, one small line each, apart from the answer's text."""
    return [_small(notice) for notice in draft.notices[:_MAX_NOTICES] if notice.strip()]


def _small(sentence: str) -> Arguments:
    """Slack: docs.slack.dev/reference/block-kit/blocks/context-block."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": escape(sentence, _NOTICE_LENGTH)}]}


def below(draft: Draft) -> list[Arguments]:
    """What stands under the answer's text: our notices, then the buttons. No blocks where there are none."""
    return [*notices(draft), *row(draft.buttons)]


def button_key(action: Mapping[str, Any]) -> str:
    """The Button.key in an entry of a block_actions payload, "" where it is no button of ours."""
    name, value = action.get("action_id"), action.get("value")
    ours = isinstance(name, str) and name.startswith(_OURS)
    return value if ours and isinstance(value, str) else ""


def content(draft: Draft) -> Arguments:
    """`text` and `blocks` of chat.postMessage and chat.update."""
    text = close_fence(render(draft.markdown, final=draft.final))
    blocks = [{"type": "markdown", "text": text}] if text.strip() else []
    done = trace(draft)
    blocks += [_small(done)] if done else []
    blocks += below(draft)
    words = plain(draft.markdown) if draft.final else glimpse(draft.markdown)
    fallback = words or escape(" ".join(draft.notices) or done, _NOTICE_LENGTH)
    return {"text": fallback if fallback.strip() else _EMPTY, "blocks": blocks}


def as_markdown(draft: Draft) -> str:
    """All that can be said in one Markdown text, where Slack takes no blocks (and so, no buttons)."""
    parts = [close_fence(render(draft.markdown, final=draft.final))]
    small = [trace(draft), *draft.notices[:_MAX_NOTICES]]
    parts += [f"_{escape(sentence, _NOTICE_LENGTH)}_" for sentence in small if sentence]
    return "\n\n".join(part for part in parts if part.strip()) or _EMPTY


def row(buttons: tuple[Button, ...]) -> list[Arguments]:
    """A row of buttons, or nothing: Slack takes none that is empty (actions block)."""
    shown = [_button(button) for button in buttons[:_MAX_BUTTONS]]
    return [{"type": "actions", "elements": shown}] if shown else []


def _button(button: Button) -> Arguments:
    label = {"type": "plain_text", "text": button.label[:_LABEL_LENGTH]}
    return {"type": "button", "action_id": _OURS + button.key, "value": button.key, "text": label}


def metadata(target: Target) -> Arguments:
    """The mark by which a post whose reply was lost is recognised."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": target.key}}


def page_of(key: str, base: str) -> int | None:
    """The number of the page whose message was marked with `key`; None for a page of another answer.

    Keys are `{base}:{page}`, or `{base}:{page}.{n}` for a page that was written once more.
    """
    answer, _, rest = key.rpartition(":")
    page = rest.partition(".")[0]
    return int(page) if answer == base and page.isascii() and page.isdigit() else None
