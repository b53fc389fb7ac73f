"""Routes and the table that finds one: a dictionary for fixed paths, a tree of segments for the rest."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from mallgen_runtime.http.conf import AS_GO_ZERO, TokenRules
from mallgen_runtime.http.cors import CorsPolicy
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.uploads import UploadLimits

if TYPE_CHECKING:
    from mallgen_runtime.http.sockets.rules import SocketRules
    from mallgen_runtime.http.token_keys import TokenKeys

S = TypeVar("S")


class Middleware(Protocol):
    """Code of the user around a handler."""

    async def handle(self, ctx: Context, next_: Next) -> Response:
        """Answer, or pass on with `await next_(ctx)`."""


class Route(Generic[S]):
    """One operation of a contract.

    `title` is `GET /v1/recommend`, `contract` its place in the contract, `jwt` the configuration's attribute with the
    secrets, `roles` those of which a token must have one, `cors` the attribute with the rules for pages of other
    origins, `signature` whether requests must be signed, `websocket` whether it is one; `timeout_ms`, `max_bytes`, and
    `max_parts` and `max_part_bytes` of forms, replace the configuration's when not None.
    """

    __slots__ = (
        *("contract", "cors", "endpoint", "jwt", "max_bytes", "method", "middlewares", "path", "roles", "title"),
        *("max_part_bytes", "max_parts", "signature", "timeout_ms", "websocket"),
    )

    def __init__(
        self,
        method: str,
        path: str,
        endpoint: Callable[[Context, S], Awaitable[Response]],
        *,
        contract: str = "",
        jwt: str = "",
        middlewares: tuple[Callable[[S], Middleware], ...] = (),
        timeout_ms: int | None = None,
        max_bytes: int | None = None,
        max_parts: int | None = None,
        max_part_bytes: int | None = None,
        signature: bool = False,
        cors: str = "",
        websocket: bool = False,
        roles: tuple[str, ...] = (),
    ) -> None:
        self.method = method
        self.path = path
        self.endpoint = endpoint
        self.contract = contract
        self.jwt = jwt
        self.middlewares = middlewares
        self.timeout_ms = timeout_ms
        self.max_bytes = max_bytes
        self.max_parts = max_parts
        self.max_part_bytes = max_part_bytes
        self.signature = signature
        self.cors = cors
        self.websocket = websocket
        self.roles = roles
        self.title = f"{method} {path}"


class BoundRoute(NamedTuple):
    """A route ready to run: its middlewares are made, its limits decided; `counts` is whether MaxConns counts it.

    `shown` is the contract's line for error answers, empty where they do not name it; `admit` raises a 503 for a
    request that the route's guard refuses. Without `cors` the service's own rules for pages of other origins hold.
    `heartbeat` in seconds is for answers without an end.
    """

    route: Route[Any]
    run: Next
    timeout: float
    max_bytes: int
    secrets: tuple[str, ...]
    rules: TokenRules = AS_GO_ZERO
    counts: bool = True
    uploads: UploadLimits = UploadLimits()
    shown: str = ""
    admit: Callable[[Context], None] | None = None
    keys: "TokenKeys | None" = None
    cors: CorsPolicy | None = None
    sockets: "SocketRules | None" = None
    heartbeat: float = 0.0


class Match(NamedTuple):
    """A route and the values of its path."""

    bound: BoundRoute
    params: dict[str, str]


class _PathNode:
    __slots__ = ("bound", "fixed", "param")

    def __init__(self) -> None:
        self.fixed: dict[str, _PathNode] = {}
        self.param: _PathNode | None = None
        self.bound: BoundRoute | None = None


class RouteTable:
    """Finds routes. Fixed segments win over parameters, as in go-zero's router.

    `as_get` is the method that routes of GET answer too, empty for none; OPTIONS is then not answered either.
    """

    def __init__(self, routes: Iterable[BoundRoute], as_get: str = "HEAD") -> None:
        self._as_get = as_get
        self._fixed: dict[str, dict[str, BoundRoute]] = {}
        self._trees: dict[str, _PathNode] = {}
        for bound in routes:
            method, path = bound.route.method, bound.route.path
            if ":" in path:
                self._add(self._trees.setdefault(method, _PathNode()), bound)
            else:
                self._fixed.setdefault(clean(path), {})[method] = bound

    def find(self, method: str, path: str) -> Match | None:
        """The route of a request."""
        found = self._fixed.get(path)
        if found is not None and method in found:
            return Match(found[method], {})
        tidy = clean(path)
        if tidy != path:
            return self.find(method, tidy)
        tree = self._trees.get(method)
        if tree is None:
            return self.find("GET", path) if method == self._as_get else None
        values: list[str] = []
        bound = _search(tree, path.split("/")[1:], 0, values)
        if bound is None:
            return self.find("GET", path) if method == self._as_get else None
        names = [part[1:] for part in bound.route.path.split("/") if part.startswith(":")]
        return Match(bound, dict(zip(names, values, strict=True)))

    def allowed(self, path: str) -> list[str]:
        """Return the methods that a path answers, none when no route has it; `*` stands for all paths."""
        known = {*self._trees, *self._fixed.get(clean(path), ())}
        if path == "*":
            known = {*self._trees, *(method for found in self._fixed.values() for method in found)}
        found = {method for method in known if path == "*" or self.find(method, path) is not None}
        if found and self._as_get:
            found |= {"OPTIONS", self._as_get} if "GET" in found else {"OPTIONS"}
        return sorted(found)

    @staticmethod
    def _add(node: _PathNode, bound: BoundRoute) -> None:
        for part in clean(bound.route.path).split("/")[1:]:
            if part.startswith(":"):
                node.param = node.param or _PathNode()
                node = node.param
            else:
                node = node.fixed.setdefault(part, _PathNode())
        node.bound = bound


def clean(path: str) -> str:
    """Return the path without empty, `.` and `..` segments and without a slash at its end, as Go's path.Clean."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _search(node: _PathNode, parts: list[str], index: int, values: list[str]) -> BoundRoute | None:
    if index == len(parts):
        return node.bound
    fixed = node.fixed.get(parts[index])
    if fixed is not None:
        found = _search(fixed, parts, index + 1, values)
        if found is not None:
            return found
    if node.param is None or not parts[index]:
        return None
    values.append(parts[index])
    found = _search(node.param, parts, index + 1, values)
    if found is None:
        values.pop()
    return found
