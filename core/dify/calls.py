"""Side calls of one app with typed replies: what is read of them, what they raise, and what is repeated.

Repeated is only what may be done twice; the API has no key for idempotency. That is: where no connection was
made, where Dify refused because of too many requests, and of calls that change nothing by being repeated also
what was lost on the way, or met a 502, 503 or 504 that may pass (core.dify.codes). A 500 is Dify's last word.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from core.dify.connection import Connection
from core.dify.errors import refusal, strange, too_old
from core.dify.releases import version_of
from core.dify.rows import Page, Row, page_in, row_in
from core.errors import DifyBusy, DifyError, DifyLost, DifyRefused, DifyUnreachable

R = TypeVar("R", bound=Row)

PASSING = frozenset((502, 503, 504))


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to wait before each further attempt, in seconds; () is one attempt."""

    pauses: tuple[float, ...] = (0.5, 2.0)


def is_safe(error: DifyError, *, repeatable: bool) -> bool:
    """Whether what failed so may be done again by itself."""
    if isinstance(error, DifyUnreachable | DifyBusy):
        return True
    if not repeatable:
        return False
    if isinstance(error, DifyRefused):  # storage says 503 also of what it will never take
        return error.status in PASSING and error.advice.retry
    return isinstance(error, DifyLost)


class Calls:
    """Raises the DifyError family of core.errors. A GET is repeatable, anything else where it says so."""

    def __init__(self, connection: Connection, retries: Retries) -> None:
        self._connection = connection
        self._retries = retries

    async def raw(
        self,
        method: str,
        path: str,
        *,
        since: tuple[int, ...] = (0,),
        repeatable: bool = False,
        conversation_id: str = "",
        **options: Any,
    ) -> httpx.Response:
        """A reply of 2xx. `since`: the release that has this endpoint; older ones answer with a web page."""

        async def attempt() -> httpx.Response:
            response = await self._connection.call(method, path, **options)
            if response.is_success:
                return response
            if response.status_code in {404, 405} and not _object(response) and self._lacks(since):
                raise too_old(self._connection.server_version, since)
            raise refusal(response.status_code, response.content, conversation_id=conversation_id)

        return await self._again(attempt, repeatable=repeatable or method == "GET")

    def _lacks(self, since: tuple[int, ...]) -> bool:
        version = self._connection.server_version
        return bool(version) and version_of(version) < since

    async def _again(
        self, attempt: Callable[[], Awaitable[httpx.Response]], *, repeatable: bool
    ) -> httpx.Response:
        for pause in self._retries.pauses:
            try:
                return await attempt()
            except DifyError as error:
                if not is_safe(error, repeatable=repeatable):
                    raise
            await asyncio.sleep(pause)
        return await attempt()

    async def body(self, method: str, path: str, **options: Any) -> object:
        """The JSON of the reply; None for an empty one (204). Raises DifyRefused where a web page answers."""
        response = await self.raw(method, path, **options)
        if not response.content.strip():
            return None
        try:
            found: object = response.json()
        except (ValueError, RecursionError):
            raise strange(response.status_code) from None
        return found

    async def row(self, kind: type[R], method: str, path: str, **options: Any) -> R:
        """The reply as one row."""
        return row_in(await self.body(method, path, **options), kind)

    async def page(self, kind: type[R], path: str, **options: Any) -> Page[R]:
        """The reply to a GET as a page of rows."""
        return page_in(await self.body("GET", path, **options), kind)


def _object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def given(**values: Any) -> dict[str, Any]:
    """The parameters that have a value: Dify reads an empty one as a wrong one."""
    return {name: value for name, value in values.items() if value is not None}


def part(text: str) -> str:
    """A text as one part of a path, whatever is in it."""
    return quote(text, safe="")
