"""What `parley check` says about a Slack app: tokens, scopes, Socket Mode, each with its mend."""

from adapters.slack.api import Reply, SlackApi, SlackError
from adapters.slack.manifest import BOT_SCOPES, PURPOSES
from core.contract import Finding, RateLimited, Uncertain

_REINSTALL = (
    "add them at api.slack.com/apps → your app → OAuth & Permissions → Bot Token Scopes (or paste the output "
    "of `parley slack-manifest` under App Manifest), then reinstall the app"
)
_BOT_HINT = (
    "copy the Bot User OAuth Token (xoxb-…) from api.slack.com/apps → your app → OAuth & Permissions "
    "into slack.bot_token; if the app was removed, install it again"
)
_APP_HINT = (
    "make an App-Level Token (xapp-…) with the scope connections:write at api.slack.com/apps → your app → "
    "Basic Information and put it into slack.app_token; Socket Mode must be switched on"
)
TOKEN_REFUSALS = frozenset({
    "account_inactive", "invalid_auth", "not_allowed_token_type", "not_authed", "token_expired",
    "token_revoked",
})  # fmt: skip


def bot_token_hint(code: str) -> str:
    """What to do about a refused bot token."""
    return f"Slack refuses slack.bot_token ({code}): {_BOT_HINT}"


def app_token_hint(code: str) -> str:
    """What to do about a refused app token."""
    return f"Slack refuses slack.app_token ({code}): {_APP_HINT}"


async def findings(api: SlackApi, app_token: str) -> list[Finding]:
    """All findings about one app. Never raises. Slack: auth.test, apps.connections.open."""
    return [*await _bot(api), await _socket_mode(api, app_token)]


async def _bot(api: SlackApi) -> list[Finding]:
    subject = "Slack bot token"
    try:
        reply = await api.read("auth.test")
    except SlackError as error:
        return [Finding(subject, False, bot_token_hint(error.code))]
    except (RateLimited, Uncertain) as error:
        return [Finding(subject, False, _unreachable(api, error))]
    known = Finding(subject, True, f"{reply.get('user')} in {reply.get('team')} ({reply.get('team_id')})")
    return [known, _scopes(reply)]


def _scopes(reply: Reply) -> Finding:
    subject = "Slack scopes"
    header = reply.headers.get("x-oauth-scopes")
    if header is None:
        return Finding(subject, True, "not told by this server; not checked")
    granted = {scope.strip() for scope in header.split(",")}
    missing = [scope for scope in BOT_SCOPES if scope not in granted]
    if missing:
        lost = [f"{PURPOSES[scope]} ({scope})" for scope in missing if scope in PURPOSES]
        so = f"; will not work: {', '.join(lost)}" if lost else ""
        return Finding(subject, False, f"missing: {', '.join(missing)}{so}; {_REINSTALL}")
    return Finding(subject, True, f"all {len(BOT_SCOPES)} granted")


async def _socket_mode(api: SlackApi, app_token: str) -> Finding:
    subject = "Slack app token"
    try:
        await api.read("apps.connections.open", token=app_token)
    except SlackError as error:
        return Finding(subject, False, app_token_hint(error.code))
    except (RateLimited, Uncertain) as error:
        return Finding(subject, False, _unreachable(api, error))
    return Finding(subject, True, "Socket Mode can connect")


def _unreachable(api: SlackApi, error: Exception) -> str:
    return f"{api.url} does not answer ({error}): check slack.api_url, the network and the proxy settings"
