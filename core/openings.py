"""How an app opens a conversation: its first words, and questions to begin with (Dify: GET /parameters)."""

from dataclasses import dataclass

from core.apps import App

STARTERS = 4
ABOUT_SECONDS = 1.0  # for the first look at what an app says of itself; what asks does without


@dataclass(frozen=True, slots=True)
class Opening:
    """Either may be missing."""

    words: str = ""
    starters: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.starters)


async def opening(app: App | None, seconds: float) -> Opening:
    """What the app has; waits for it at most so long. Never raises."""
    known = await app.known(seconds) if app is not None else None
    if known is None:
        return Opening()
    return Opening(known.opening_statement.strip(), tuple(known.suggested_questions[:STARTERS]))
