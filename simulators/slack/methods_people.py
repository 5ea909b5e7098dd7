"""Web API methods about who is who. Slack: auth.test, apps.connections.open, users.*, bots.*, team.*."""

from simulators.slack.method import Args, Method, Reply
from simulators.slack.methods_conversations import paged
from simulators.slack.refusal import Refusal, need
from simulators.slack.state import User
from simulators.slack.workspace import Workspace


def auth_test(ws: Workspace, _args: Args) -> Reply:
    """Slack: auth.test (the scopes are in the header x-oauth-scopes)."""
    world = ws.world
    return {
        "url": f"https://{world.team_domain}.slack.com/",
        "team": world.team_name,
        "user": world.users[world.bot_user].name,
        "team_id": world.team_id,
        "user_id": world.bot_user,
        "bot_id": world.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(ws: Workspace, _args: Args) -> Reply:
    """Slack: apps.connections.open; the URL is good for one connection."""
    address = ws.base.replace("http://", "ws://")
    return {"url": f"{address}/link/?ticket={ws.socket.ticket()}&app_id={ws.world.app_id}"}


def described(user: User) -> Reply:
    """The user object."""
    shown = user.real_name or user.name
    profile = {"real_name": shown, "display_name": user.name, "email": user.email, "team": user.team}
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "deleted": False,
        "real_name": shown,
        "tz": user.tz,
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 0,
    }


def user_info(ws: Workspace, args: Args) -> Reply:
    """Slack: users.info; `locale` only with include_locale."""
    need(args, "user")
    user = ws.world.users.get(args["user"])
    if user is None:
        raise Refusal("user_not_found")
    wire = described(user)
    if str(args.get("include_locale") or "").lower() in ("1", "true"):
        wire["locale"] = user.locale
    if "users:read.email" not in ws.settings.scopes:
        wire["profile"].pop("email")
    return {"user": wire}


def user_list(ws: Workspace, args: Args) -> Reply:
    """Slack: users.list."""
    page, cursor = paged([described(user) for user in ws.world.users.values()], args)
    return {"members": page, **cursor}


def bot_info(ws: Workspace, args: Args) -> Reply:
    """Slack: bots.info, for the app's own bot."""
    if args.get("bot") not in (None, ws.world.bot_id):
        raise Refusal("bot_not_found")
    name = ws.world.users[ws.world.bot_user].name
    bot = {"id": ws.world.bot_id, "deleted": False, "name": name, "updated": 0, "icons": {}}
    return {"bot": {**bot, "app_id": ws.world.app_id, "user_id": ws.world.bot_user}}


def team_info(ws: Workspace, _args: Args) -> Reply:
    """Slack: team.info."""
    world = ws.world
    return {"team": {"id": world.team_id, "name": world.team_name, "domain": world.team_domain, "icon": {}}}


METHODS = {
    "auth.test": Method(auth_test, "special"),
    "apps.connections.open": Method(open_connection, "special", ("connections:write",), token="app"),
    "users.info": Method(user_info, "t4", ("users:read",)),
    "users.list": Method(user_list, "t2", ("users:read",)),
    "bots.info": Method(bot_info, "t3", ("users:read",)),
    "team.info": Method(team_info, "t3"),
}
