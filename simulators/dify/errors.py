"""Dify's refusals: the error envelope, the HTML pages, and the words of the recorded servers."""

from typing import Any

from aiohttp import web

from simulators.dify.wire import Dialect, spaced

NOT_FOUND_PAGE = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    "<p>The requested URL was not found on the server. If you entered the URL manually please check your "
    "spelling and try again.</p>\n"
)
WRONG_ROUTE = "Please check if your app mode matches the right API route."
UNAVAILABLE = "App unavailable, please check your app configurations."


class DifyError(Exception):
    """A refusal in Dify's envelope `{"code", "message", "status"}`, or a page of HTML."""

    def __init__(self, status: int, code: str, message: str, *, params: str | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.params = params
        self.html: str | None = None
        self.headers: dict[str, str] = {}

    @classmethod
    def page(cls, status: int, html: str) -> "DifyError":
        """A reply that is not JSON: an unknown route, or a proxy in front of Dify."""
        error = cls(status, "html", html)
        error.html = html
        return error

    def envelope(self, dialect: Dialect) -> dict[str, Any]:
        """The JSON body; 0.15 leaves `status` out where it names a parameter or does not know the error."""
        if self.code == "unknown":  # flask-restx puts the message first here
            body: dict[str, Any] = {"message": self.message, "code": self.code}
            return body | ({"status": self.status} if dialect.since(1) else {})
        body = {"code": self.code, "message": self.message}
        if self.params is not None and not dialect.since(1):
            return body | {"params": self.params}
        return body | {"status": self.status}

    def response(self, dialect: Dialect) -> web.Response:
        """The HTTP reply."""
        headers = dialect.headers(html=self.html is not None) | self.headers
        if self.html is not None:
            return web.Response(
                status=self.status, text=self.html, content_type="text/html", charset="utf-8", headers=headers
            )
        headers["Content-Type"] = "application/json"
        return web.Response(status=self.status, body=spaced(self.envelope(dialect)) + b"\n", headers=headers)


def invalid(message: str, params: str | None = None) -> DifyError:
    return DifyError(400, "invalid_param", message, params=params)


def unprocessable(dialect: Dialect, model: str, field: str, problem: str, old: str) -> DifyError:
    """A refused field: pydantic's several lines since 1.x, flask-restful's one line before."""
    if dialect.since(1):
        return invalid(f"1 validation error for {model}\n{field}\n  {problem}")
    return invalid(old, field)


def missing(dialect: Dialect, model: str, field: str, *, where: str = "JSON body") -> DifyError:
    old = f"Missing required parameter in the {where}"
    return unprocessable(dialect, model, field, "Field required [type=missing]", old)


def not_found(message: str, uri: str | None = None) -> DifyError:
    """A 404; where the recorded 1.16 added its guess at the URI, `uri` adds such a tail."""
    tail = f" You have requested this URI [{uri}] but did you mean {uri} ?" if uri else ""
    return DifyError(404, "not_found", message + tail)


def unauthorized(message: str, dialect: Dialect) -> DifyError:
    error = DifyError(401, "unauthorized", message)
    if dialect.since(1):
        error.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return error


def bad_request() -> DifyError:
    return DifyError(
        400,
        "bad_request",
        "The browser (or proxy) sent a request that this server could not understand.",
    )


def not_json() -> DifyError:
    return DifyError(
        415,
        "unsupported_media_type",
        "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
    )


def too_many(dialect: Dialect, app_id: str, limit: int) -> DifyError:
    """The concurrency limit of an app: documented as 429, sent as 400 by both recorded servers."""
    whom = f" for {app_id}" if dialect.since(1) else ""
    return invalid(
        "Too many requests. Please try again later. "
        f"The current maximum concurrent requests allowed{whom} is {limit}."
    )
