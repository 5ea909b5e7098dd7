"""Calls of Slack's Web API over one shared session, and what its answers mean to whoever writes a message."""

import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from core.contract import RateLimited, Uncertain

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)

# The SDK logs whole requests and events at DEBUG, URLs with tickets and traces at ERROR: see `_Discreet`.
sdk_log = logging.getLogger("adapters.slack.sdk")
sdk_log.setLevel(logging.INFO)

_LOST = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
_SECRETS = re.compile(r"(xox[a-z]-|xapp-)[\w-]+|((?:ticket|token|app_id)=)[^&\s'\"]+")
_NOISE = ("As you gave `client` as well",)  # the token in the environment is the one that we gave

Arguments = Mapping[str, Any]


class _Discreet(logging.Filter):
    """Takes secrets and traces (they hold locals of no use to an operator) out of the SDK's own lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        record.msg, record.args, record.exc_info = _SECRETS.sub(r"\1\2…", text), (), None
        return not text.startswith(_NOISE)


sdk_log.addFilter(_Discreet())


class SlackError(Exception):
    """Slack says no (`ok: false`) for a reason that waiting does not mend."""

    def __init__(self, method: str, code: str, needed: str = "") -> None:
        super().__init__(f"{method}: {code}" + (f" (needed: {needed})" if needed else ""))
        self.method = method
        self.code = code


class Unsent(Uncertain):
    """No connection was made: surely nothing was done, the same call can be made again."""


class Reply:
    """A method's answer: its fields and the headers that came with it."""

    def __init__(self, fields: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.fields = fields
        self.headers = {name.lower(): value for name, value in headers.items()}

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str) -> Any:
        """A field, or None."""
        return self.fields.get(name)


class SlackApi:
    """The Web API with one bot token. Nothing is retried here: a retried post is a second message."""

    def __init__(self, url: str, bot_token: str) -> None:
        self.url = url
        self._bot_token = bot_token
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's client on our session. Needs a running loop."""
        if self._client is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT)
            self._client = self.new_client(self._bot_token)
        return self._client

    @property
    def session(self) -> aiohttp.ClientSession:
        """For what is no method: file hosts and response URLs. Sends no token by itself."""
        session = self.client.session
        assert session is not None  # noqa: S101 (for the type checker: `client` makes it)
        return session

    @property
    def bearer(self) -> Mapping[str, str]:
        """The header that shows our token; for Slack's own hosts only."""
        return {"Authorization": f"Bearer {self._bot_token}"}

    def new_client(self, token: str | None) -> AsyncWebClient:
        """Another client on the same session."""
        client = AsyncWebClient(
            token=token, base_url=self.url, session=self._session, retry_handlers=[], logger=sdk_log
        )
        client.proxy = proxy_for(self.url)
        return client

    async def post(self, method: str, **arguments: Any) -> Reply:
        """Call a method that does something.

        Raises RateLimited, Unsent, Uncertain, SlackError.
        """
        return await self._call(method, json=arguments)

    async def read(self, method: str, *, token: str | None = None, **arguments: Any) -> Reply:
        """Call a method that takes a form: those that read, and apps.connections.open.

        Raises RateLimited, Unsent, Uncertain, SlackError.
        """
        data = {name: value for name, value in arguments.items() if value is not None}
        headers = {"Authorization": f"Bearer {token}"} if token else None
        return await self._call(method, data=data, headers=headers)

    async def _call(self, method: str, **request: Any) -> Reply:
        try:
            answer = await self.client.api_call(method, **request)
        except SlackApiError as error:
            raise _meaning(method, error.response) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unsent(f"{method}: no connection ({type(error).__name__})") from None
        except (aiohttp.ClientError, OSError, AttributeError) as error:
            # AttributeError: the SDK trips over an answer that is plain text, of some proxy in between.
            raise Uncertain(f"{method}: {type(error).__name__}") from None
        fields = answer.data if isinstance(answer.data, dict) else {}
        return Reply(fields, answer.headers)

    async def close(self) -> None:
        """Close the session and its connections."""
        if self._session is not None:
            await self._session.close()


def _meaning(method: str, response: Any) -> Exception:
    if not isinstance(response, AsyncSlackResponse):
        return Uncertain(f"{method}: an answer that is no JSON")
    fields = response.data if isinstance(response.data, dict) else {}
    code = str(fields.get("error") or "")
    if response.status_code == 429 or code in {"ratelimited", "rate_limited"}:
        return RateLimited(retry_after(response.headers))
    if response.status_code >= 500 or code in _LOST or not code:
        return Uncertain(f"{method}: HTTP {response.status_code} {code}".rstrip())
    return SlackError(method, code, str(fields.get("needed") or ""))


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds to wait that an answer with status 429 names."""
    given = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return float(given) if given.replace(".", "", 1).isdigit() else 1.0


def proxy_for(url: str) -> str | None:
    """The proxy of the environment for this URL. The SDK alone would not look at NO_PROXY."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "::1"} or host.startswith("127.") or proxy_bypass(host):
        return None
    scheme = {"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)
    return getproxies().get(scheme)
