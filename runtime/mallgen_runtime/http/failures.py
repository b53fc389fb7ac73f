"""Makes answers of what goes wrong: errors as problem details, and a 500 for what cannot be sent."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from mallgen_runtime.http.messages import Context, Response, WrongAnswer
from mallgen_runtime.http.problems import FOR_CLIENTS, WORDS, ApiError, ClientGone, body
from mallgen_runtime.http.sending import Unsendable, check
from mallgen_runtime.process.errors import Code, ResourceError, RpcError

_PROBLEM = "application/problem+json"


class Failures:
    """Answers for exceptions; `dev` is whether they name the contract, `is_stopping` whether the service ends."""

    def __init__(self, dev: bool, is_stopping: Callable[[], bool]) -> None:
        self._dev = dev
        self._is_stopping = is_stopping

    def sendable(self, ctx: Context, response: Response) -> Response:
        """Return the answer, or a 500 when HTTP has no form for it."""
        try:
            check(response, ctx.method)
        except Unsendable as problem:
            ctx.log.error("%s %s: the answer cannot be sent: %s", ctx.method, ctx.url_path, problem)
            return _problem(ctx, ApiError(500, "internal"), "")
        return response

    def answer(self, ctx: Context, problem: BaseException) -> Response:
        """Return the answer to a request that ended with an exception."""
        match: Any = ctx.matched
        contract = match.bound.route.contract if match and self._dev else ""
        if isinstance(problem, ResourceError) and problem.status is not Code.INTERNAL:
            problem = RpcError(problem.status, str(problem))
        if isinstance(problem, RpcError):
            problem = _of_rpc(ctx, problem)
        if isinstance(problem, NotImplementedError) and match:
            problem = ApiError(501, "not_implemented", f"{match.bound.route.title} is not implemented")
        if isinstance(problem, ApiError):
            try:
                return _problem(ctx, problem, contract)
            except (TypeError, ValueError) as wrong:
                ctx.log.error("%s %s: the error cannot be sent: %s", ctx.method, ctx.url_path, wrong)
                return _problem(ctx, ApiError(500, "internal"), contract)
        if isinstance(problem, ClientGone):
            raise problem
        if isinstance(problem, asyncio.CancelledError) and _is_cancelled():
            if not self._is_stopping() or ctx.has_gone():
                raise problem
            detail = "the service is stopping and could not wait for the answer"
            return _problem(ctx, ApiError(503, "stopping", detail), contract)
        if isinstance(problem, WrongAnswer):
            ctx.log.error("%s %s: %s", ctx.method, ctx.url_path, str(problem) or f"{handler_of(ctx)} {problem.what}")
        else:
            ctx.log.error("%s %s failed", ctx.method, ctx.url_path, exc_info=problem)
        return _problem(ctx, ApiError(500, "internal"), contract)


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


def _problem(ctx: Context, error: ApiError, contract: str) -> Response:
    headers = {"content-type": _PROBLEM, **{name.lower(): value for name, value in error.headers.items()}}
    return Response(body(error, ctx.request_id, contract), error.status, headers)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
