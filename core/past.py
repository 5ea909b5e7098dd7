"""The conversations that Dify keeps of a person, or of a shared place: counted over all pages, read back."""

from core.dify.conversations import Conversation, Conversations, Turn
from core.dify.rows import Page

MOST = 200  # conversations that have a number, and turns that can be read back
PAGE = 100  # rows that Dify gives at once


class Past:
    """Reads, for one `user`. Raises the DifyError family of core.errors."""

    def __init__(self, calls: Conversations, user: str) -> None:
        self._calls = calls
        self._user = user

    async def conversations(self, most: int) -> Page[Conversation]:
        """So many, those that began last first.

        Not by when they were used last: a number would point at another one as soon as somebody goes on with
        one of them or renames it.
        """
        rows: tuple[Conversation, ...] = ()
        while True:
            last = rows[-1].id if rows else None
            limit = min(most - len(rows), PAGE)
            page = await self._calls.list(self._user, last_id=last, limit=limit, sort_by="-created_at")
            rows += page.rows
            if not page.has_more or not page.rows or len(rows) >= most:
                return Page(rows, page.has_more)

    async def turns(self, conversation_id: str, most: int) -> Page[Turn]:
        """So many of the latest, oldest first. Raises ConversationGone."""
        rows: tuple[Turn, ...] = ()
        while True:
            first = rows[0].id if rows else None
            limit = min(most - len(rows), PAGE)
            page = await self._calls.turns(conversation_id, self._user, first_id=first, limit=limit)
            rows = page.rows + rows
            if not page.has_more or not page.rows or len(rows) >= most:
                return Page(rows, page.has_more)
