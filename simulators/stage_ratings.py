"""Looks at a real Dify for a rating to arrive there. Dify: GET /app/feedbacks (1.4 and later)."""

import asyncio

import aiohttp

PATIENCE = 20.0  # seconds until a rating has to be there
EVERY = 0.5  # seconds between two looks: a foreign server tells nobody when it changes


class Ratings:
    """The ratings of one app."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url.rstrip('/').removesuffix('/v1')}/v1/app/feedbacks"
        self._key = key

    async def likes(self) -> set[str] | None:
        """The ids of the latest likes; None where this Dify does not tell."""
        headers = {"Authorization": f"Bearer {self._key}"}
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.get(self._url, params={"page": "1", "limit": "100"}) as reply,
        ):
            if reply.status != 200:
                return None
            rows = (await reply.json())["data"]
        return {row["id"] for row in rows if row["rating"] == "like"}

    async def another_like(self, before: set[str]) -> None:
        """Wait for a like that was not there before. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not (await self.likes() or set()) - before:  # noqa: ASYNC110
                await asyncio.sleep(EVERY)  # nothing here is told of it
