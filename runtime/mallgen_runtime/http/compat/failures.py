"""Errors as go-zero answers them: plain text, or a status alone."""

import logging
import re
from http import HTTPStatus

from mallgen_runtime.http.compat.context import TEXT, text_answer
from mallgen_runtime.http.failures import Failures
from mallgen_runtime.http.messages import JSON, Context, Response, WrongAnswer
from mallgen_runtime.http.problems import ApiError, ClientGone, Unrecovered
from mallgen_runtime.process.errors import Code, ResourceError, RpcError

_BARE = frozenset(
    {"body_too_large", "bad_gzip", "too_many_requests", "overloaded", "breaker_open", "no_keys", "stopping"}
)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NEVER_SHOWN = (ClientGone, ResourceError, Unrecovered, WrongAnswer)
_NAMES = {code: code.name.title().replace("_", "") for code in Code} | {Code.OK: "OK"}


class BareResponse(Response):
    """An answer without a length: one without a body to HEAD, or the last of a connection."""

    __slots__ = ()
    says_length = False


class GoFailures(Failures):
    """Answers for exceptions: go-zero shows the text of every error that logic returns, and none of a panic."""

    def sendable(self, ctx: Context, response: Response) -> Response:
        """Return the answer, or an empty 500 when HTTP has no form for it."""
        found = super().sendable(ctx, response)
        if found is not response:
            return Response(b"", 500)
        if ctx.method == "HEAD" and not found.body:
            return BareResponse(b"", found.status, dict(found.headers))
        return found

    def answer(self, ctx: Context, problem: BaseException) -> Response:
        """Return the answer to a request that ended with an exception."""
        if isinstance(problem, ResourceError) and problem.status is not Code.INTERNAL:
            problem = RpcError(problem.status, str(problem))
        if isinstance(problem, RpcError):
            return self._of_rpc(ctx, problem)
        if isinstance(problem, ApiError):
            return _bare(ctx, problem) or self._text(ctx, problem)
        if _is_returned(problem):
            ctx.log.info("%s %s failed: %s", ctx.method, ctx.url_path, problem)
            return self._text(ctx, ApiError(400, "error", str(problem)))
        return Response(b"", self._error(ctx, problem).status)

    def _of_rpc(self, ctx: Context, problem: RpcError) -> Response:
        if problem.code is Code.OK:  # Go has no error with this code
            return Response(b"null", 200, {"content-type": JSON})
        ctx.log.log(logging.ERROR if problem.http_status >= 500 else logging.INFO, "a call failed: %s", problem)
        detail = f"rpc error: code = {_NAMES[problem.code]} desc = {problem.detail}"
        return self._text(ctx, ApiError(problem.http_status, problem.code.name.lower(), detail))

    def _text(self, ctx: Context, problem: ApiError) -> Response:
        """Return an error as `on_error` of hooks.py writes it, as go-zero's error handler; as text without one."""
        return self._formed(ctx, problem)


def _bare(ctx: Context, problem: ApiError) -> Response | None:
    """Return the answer to what go-zero refuses before a handler runs; None for an error of the handler."""
    if _BROKEN_ESCAPE.search(ctx.scope.get("raw_path", b"")):  # net/http reads no such head
        headers = {"content-type": TEXT["content-type"], "connection": "close"}
        return BareResponse(b"400 Bad Request", 400, headers)
    if ctx.matched is None and problem.status in (404, 405):
        if ctx.url_path == "*" and ctx.method == "OPTIONS":
            return Response(b"", 200)
        if problem.status == 404:
            return text_answer("404 page not found", 404)
        return Response(b"", 405, dict(problem.headers))
    if problem.code == "timeout" and problem.status == 503:
        return Response(b"Request Timeout", 503, {"content-type": TEXT["content-type"]})
    if problem.code in _BARE or (problem.status == 401 and problem.headers.get("www-authenticate") == "Bearer"):
        return Response(b"", problem.status)
    return None


def _is_returned(problem: BaseException) -> bool:
    """Return whether an exception is what logic in Go returns as an error; Python's own tell of a bug, as a panic."""
    if not isinstance(problem, Exception) or isinstance(problem, _NEVER_SHOWN):
        return False
    kind = type(problem)
    return kind is Exception or isinstance(problem, ValueError) or kind.__module__ != "builtins"


def refusal(status: int, date: bytes, why: str) -> bytes:
    """Return the answer to a head that cannot be read, as net/http writes it."""
    title = f"{status} {HTTPStatus(status).phrase}"
    if status == HTTPStatus.EXPECTATION_FAILED:
        return f"HTTP/1.1 {title}\r\nConnection: close\r\nContent-Length: 0\r\n".encode() + date + b"\r\n"
    text = f"{title}: {why}" if why else title
    body = "Unsupported transfer encoding" if status == HTTPStatus.NOT_IMPLEMENTED else text
    return f"HTTP/1.1 {text}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{body}".encode()
