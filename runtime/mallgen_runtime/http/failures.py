"""Makes answers of what goes wrong: errors as problem details, and a 500 for what cannot be sent."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from mallgen_runtime.http.headers import Unsendable
from mallgen_runtime.http.messages import Context, Response, WrongAnswer
from mallgen_runtime.http.problems import FOR_CLIENTS, WORDS, ApiError, ClientGone, Unrecovered
from mallgen_runtime.http.sending import check
from mallgen_runtime.process.errors import Code, ResourceError, RpcError

OnError = Callable[[Context, ApiError], Response]


class Failures:
    """Answers for exceptions, in the form that `on_error` gives them; `is_stopping` is whether the service ends.

    Without `recovers` an exception that nobody foresaw is no answer: it is raised again as Unrecovered.
    """

    def __init__(
        self, is_stopping: Callable[[], bool], on_error: OnError | None = None, *, recovers: bool = True
    ) -> None:
        self._is_stopping = is_stopping
        self._on_error = on_error
        self._recovers = recovers

    def sendable(self, ctx: Context, response: Response) -> Response:
        """Return the answer, or a 500 when HTTP has no form for it."""
        if response.body and response.status in (204, 304):
            ctx.log.warning("%s %s: the body is left out: a %d has none", ctx.method, ctx.url_path, response.status)
        try:
            check(response, ctx.method)
        except Unsendable as problem:
            return self._unsendable(ctx, "the answer", problem)
        return response

    def answer(self, ctx: Context, problem: BaseException) -> Response:
        """Return the answer to a request that ended with an exception."""
        error = self._error(ctx, problem)
        ctx.failed = error.status
        if error is not problem:
            error.__cause__ = problem
        try:
            return self._formed(ctx, error)
        except (TypeError, ValueError) as wrong:
            return self._unsendable(ctx, "the error", wrong)

    def _unsendable(self, ctx: Context, what: str, problem: Exception) -> Response:
        ctx.log.error("%s %s: %s cannot be sent: %s", ctx.method, ctx.url_path, what, problem)
        made = self._formed(ctx, ApiError(500, "internal"))
        try:
            check(made, ctx.method)
        except Unsendable:
            return problem_of(ctx, ApiError(500, "internal"))
        return made

    def _formed(self, ctx: Context, error: ApiError) -> Response:
        """Return an error in the form of hooks.py, in our own where that fails."""
        if self._on_error is None:
            return problem_of(ctx, error)
        on_success, ctx.on_success = ctx.on_success, None  # what on_error says is no success
        try:
            made = self._on_error(ctx, error)
            if isinstance(made, Response):
                return made
            ctx.log.error("on_error of hooks.py returned %s, not a Response", type(made).__name__)
        except Exception:
            ctx.log.exception("on_error of hooks.py failed")
        finally:
            ctx.on_success = on_success
        return problem_of(ctx, error)

    def _error(self, ctx: Context, problem: BaseException) -> ApiError:
        """Return the ApiError for an exception; raise the exception again when no client waits for an answer."""
        match: Any = ctx.matched
        if isinstance(problem, ResourceError) and problem.status is not Code.INTERNAL:
            problem = RpcError(problem.status, str(problem))
        if isinstance(problem, RpcError):
            return _of_rpc(ctx, problem)
        if isinstance(problem, NotImplementedError) and match:
            return ApiError(501, "not_implemented", f"{match.bound.route.title} is not implemented")
        if isinstance(problem, ApiError):
            return problem
        if isinstance(problem, ClientGone | Unrecovered):
            raise problem
        if isinstance(problem, asyncio.CancelledError) and _is_cancelled():
            if not self._is_stopping() or ctx.has_gone():
                raise problem
            return ApiError(503, "stopping", "the service is stopping and could not wait for the answer")
        if isinstance(problem, Unsendable):
            ctx.log.error("%s %s: the answer cannot be sent", ctx.method, ctx.url_path, exc_info=problem)
        elif isinstance(problem, WrongAnswer):
            ctx.log.error("%s %s: %s", ctx.method, ctx.url_path, str(problem) or f"{handler_of(ctx)} {problem.what}")
        else:
            ctx.log.error("%s %s failed", ctx.method, ctx.url_path, exc_info=problem)
            if not self._recovers:
                ctx.failed = 500
                raise Unrecovered from problem
        return ApiError(500, "internal")


def problem_of(ctx: Context, error: ApiError) -> Response:
    """Return an error as RFC 9457 problem details: what a project without `on_error` answers.

    Raises TypeError and ValueError for a status, detail or header that cannot be written.
    """
    return ctx.problem(error)


def handler_of(ctx: Context) -> str:
    """Return the name of the handler of a request."""
    return f"{ctx.matched.bound.route.endpoint.__name__}_handler" if ctx.matched else "the handler"


def _of_rpc(ctx: Context, problem: RpcError) -> ApiError:
    """Return a failed call as an ApiError; the text of an internal error stays in the log."""
    ctx.log.log(logging.ERROR if problem.http_status >= 500 else logging.INFO, "a call failed: %s", problem)
    code = problem.code
    return ApiError(
        problem.http_status, code.name.lower(), problem.detail if code in FOR_CLIENTS else WORDS.get(code, "")
    )


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
