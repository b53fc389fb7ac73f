"""Sends random requests to a running service and compares each answer with what the contract documents.

A request begins as one that the contract accepts, and is changed in up to three places. Every answer has a documented
status, never a 5xx; a successful one has a body of the route's type, judged here from the contract alone; a refusal is
problem details. `Driver.run` returns the answers by status and what was wrong.
"""

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from joserfc import jwt
from joserfc.jwk import OctKey

from mallgen.contract.wire import base_type, is_bytes
from mallgen.lint.scope import LintScope, Operation
from mallgen.model import AnyType, Array, Contract, Map, Pointer, Slice, TypeRef
from mallgen.witness.requests import RouteSamples
from mallgen.witness.values import Samples, in_json
from tests.run.service import SECRET

DOCUMENTED = frozenset({400, 404, 405, 413, 415})
WITH_TOKEN = DOCUMENTED | {401}
TEXTS: tuple[str, ...] = (
    *("", "a", "0", "-1", "1.5", "1e400", "NaN", "true", "null", "[]", "{}", "9" * 30, "好", "\x00", "a" * 3000, "%zz"),
    *("%", "%2F", "..", "a&b=c", "\ud7ff", "\u202e", "'; DROP TABLE t; --", "<b>"),
)
JUNK: tuple[Any, ...] = (None, True, 0, -1, 2**63, 2**64, 1.5, 1e308, "", "a", "x" * 2000, [], [[]], {}, {"a": [1]})
BODIES = (b"", b"null", b"[]", b"{", b"\xff", b'{"a":NaN}', b'"a"', b"{}{}", b"[" * 2000, b"a=1&b=2", b"\x1f\x8b\x08")
HEADERS = (
    *(("content-type", kind) for kind in ("text/plain", "application/json; charset=gbk", "multipart/form-data", "x")),
    *(("content-encoding", coding) for coding in ("gzip", "br", "identity", "gzip, gzip")),
    *(("accept", "text/html"), ("accept-encoding", "gzip;q=0"), ("range", "bytes=0-1"), ("if-none-match", "*")),
    *(("traceparent", "00-zz-1-01"), ("x-request-id", "a" * 500), ("origin", "http://evil.example"), ("cookie", "a")),
    *(("authorization", "Bearer a.b.c"), ("authorization", "Basic eA=="), ("x-forwarded-for", "nobody")),
)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND")


class Asked(NamedTuple):
    """One request to a route; `changes` counts the places in which it differs from one that the contract accepts.

    `moved`: another path or method, which may be that of another route.
    """

    operation: Operation
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    changes: int
    moved: bool = False

    @property
    def words(self) -> str:
        """Return the request for a message, without its token."""
        sent = [f"{name}: {value}" for name, value in self.headers if not value.startswith("Bearer ey")]
        return f"{self.method} {self.target[:300]} {sent} {self.body[:300]!r}"


class Driver:
    """Drives a service on a port of this machine."""

    def __init__(self, contract: Contract, port: int, seed: int, secret: str = SECRET) -> None:
        self._port, self._dice = port, random.Random(seed)
        self._samples = Samples(contract)
        self._operations = LintScope(contract).operations
        self._token = jwt.encode(
            {"alg": "HS256"}, {"uid": 1, "exp": int(time.time()) + 3600}, OctKey.import_key(secret)
        )
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []

    def run(self, seconds: float) -> None:
        """Ask until the time is up or ten answers were wrong: first every route as the contract has it."""
        end = time.monotonic() + seconds
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        plain = (self._asked(one, full, 0) for one in self._operations for full in (False, True))
        for asked in self._endless(plain):
            if time.monotonic() > end or len(self.wrong) >= 10:
                break
            connection = self._send(connection, asked)
        connection.close()

    def _endless(self, plain: Iterator[Asked]) -> Iterator[Asked]:
        yield from plain
        while True:
            yield self._asked(
                self._dice.choice(self._operations), self._dice.random() < 0.7, self._dice.choice((1, 1, 2, 3))
            )

    def _asked(self, operation: Operation, full: bool, changes: int) -> Asked:
        sample = RouteSamples(operation, self._samples).smallest(full)
        headers = (*sample.headers, *((("authorization", f"Bearer {self._token}"),) if sample.token else ()))
        asked = Asked(operation, sample.method, sample.path, headers, sample.body.encode(), changes)
        for _ in range(changes):
            asked = self._dice.choice(CHANGES)(asked, self._dice)
        return asked

    def _send(self, connection: http.client.HTTPConnection, asked: Asked) -> http.client.HTTPConnection:
        try:
            connection.putrequest(asked.method, asked.target, skip_accept_encoding=True)
            for name, value in asked.headers:
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(asked.body)))
            connection.endheaders(asked.body)
            answer = connection.getresponse()
            found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self.wrong.append(f"{asked.words}\n  no answer: {problem!r}")
            connection.close()
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        self.statuses[answer.status] += 1
        self.wrong += [
            f"{asked.words}\n  {found[0]} {found[2][:300]!r}: {text}" for text in self._problems(asked, *found)
        ]
        return connection

    def _problems(self, asked: Asked, status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
        own = asked.operation
        known = WITH_TOKEN if own.group.jwt else DOCUMENTED
        if status == 200 and not asked.moved:
            yield from self._successful(own, headers, body)
        elif not asked.changes and not (status == 400 and self._has_rules(own.route.request)):
            yield "the contract accepts this request"
        elif status not in ({*WITH_TOKEN, 200, 204} if asked.moved else known):
            yield "the contract does not document this status"
        elif status >= 400 and asked.method != "HEAD":
            yield from _of_refusal(status, headers, body)

    def _has_rules(self, ref: TypeRef | None) -> bool:
        """Return whether a request has `validate` tags, which the samples know nothing of."""
        struct = self._samples.struct(ref) if ref is not None else None
        return struct is not None and any(
            one.field.validate or (self._samples.struct(one.field.type) != struct and self._has_rules(one.field.type))
            for one in struct.fields
        )

    def _successful(self, own: Operation, headers: dict[str, str], body: bytes) -> Iterator[str]:
        if own.route.response is None or own.route.method == "head":
            return
        if not headers.get("content-type", "").startswith("application/json"):
            yield f"the content type of an answer is {headers.get('content-type')}"
        try:
            value = json.loads(body)
        except ValueError:
            yield "the answer is no JSON"
            return
        yield from self._differences(own.route.response, value, "answer")

    def _differences(self, ref: TypeRef, value: Any, place: str) -> Iterator[str]:
        """Yield where a JSON value is not one of a contract's type."""
        match ref:
            case AnyType():
                return
            case Pointer(elem=elem):
                if value is not None:
                    yield from self._differences(elem, value, place)
                return
            case Slice(elem=elem) | Array(elem=elem):
                if is_bytes(ref) and isinstance(value, str):
                    return
                if not isinstance(value, list):
                    yield f"{place} is no list"
                    return
                for item in value:
                    yield from self._differences(elem, item, f"{place}[]")
                return
            case Map(elem=elem):
                if not isinstance(value, dict):
                    yield f"{place} is no object"
                    return
                for item in value.values():
                    yield from self._differences(elem, item, f"{place}{{}}")
                return
        struct = self._samples.struct(ref)
        if struct is None:
            yield from _scalar(ref, value, place)
            return
        if not isinstance(value, dict):
            yield f"{place} is no object"
            return
        fields = [in_json(field) for field in struct.fields]
        yield from (f"{place} has `{key}`" for key in value.keys() - {field.key for field in fields})
        for field in fields:
            if field.key not in value:
                if not field.omits_empty and not field.optional:
                    yield f"{place} lacks `{field.key}`"
            elif not field.quoted and not (value[field.key] is None and field.optional):
                yield from self._differences(field.field.type, value[field.key], f"{place}.{field.key}")


def _scalar(ref: TypeRef, value: Any, place: str) -> Iterator[str]:
    base = base_type(ref)
    assert base is not None
    kinds = {"string": str, "bool": bool, "integer": int, "float": (int, float)}
    if not isinstance(value, kinds[base.kind]) or (base.is_number and isinstance(value, bool)):  # type: ignore[arg-type]
        yield f"{place} is {value!r}, which is no {base.kind}"
    elif base.kind == "integer" and not (base.low or 0) <= value <= (base.high or 0):
        yield f"{place} is {value!r}, which is out of range"


def _of_refusal(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    if not headers.get("x-request-id") or "server" in headers:
        yield "a refusal has an x-request-id, and does not name its server"
    if headers.get("content-type") != "application/problem+json":
        yield f"the content type of a refusal is {headers.get('content-type')}"
        return
    found = json.loads(body)
    if found.get("status") != status or not found.get("title") or not found.get("code"):
        yield "problem details have status, title and code"
    if b"Traceback" in body or b".py" in body:
        yield "an answer shows code"


def _path(asked: Asked, dice: random.Random) -> Asked:
    path, mark, query = asked.target.partition("?")
    parts = path.split("/")
    at = dice.randrange(len(parts))
    change = dice.randrange(5)
    if change == 0:
        parts[at] = _quoted(dice.choice(TEXTS))
    elif change == 1:
        parts.insert(at, dice.choice(("", ".", "..", "a", "%2e%2e")))
    elif change == 2 and len(parts) > 2:
        del parts[at]
    elif change == 3:
        parts.append("")
    else:
        parts[at] = "".join(f"%{byte:02x}" for byte in parts[at].encode())
    target = "/".join(parts)
    return asked._replace(target=(target if target.startswith("/") else f"/{target}") + mark + query, moved=True)


def _query(asked: Asked, dice: random.Random) -> Asked:
    path, _, query = asked.target.partition("?")
    pairs = query.split("&") if query else []
    if pairs and dice.random() < 0.7:
        at = dice.randrange(len(pairs))
        name = pairs[at].partition("=")[0]
        changed = f"{name}={_quoted(dice.choice(TEXTS))}"
        pairs[at : at + dice.randrange(2)] = [changed] if dice.random() < 0.9 else []
    else:
        pairs.append(dice.choice(("", "=", "a", "&&", f"x={_quoted(dice.choice(TEXTS))}", ";", "+=%20")))
    return asked._replace(target=f"{path}?{'&'.join(pairs)}")


def _header(asked: Asked, dice: random.Random) -> Asked:
    headers = list(asked.headers)
    if headers and dice.random() < 0.4:
        at = dice.randrange(len(headers))
        headers[at] = (headers[at][0], _latin(dice.choice(TEXTS)))
    elif headers and dice.random() < 0.3:
        del headers[dice.randrange(len(headers))]
    else:
        headers.append(dice.choice(HEADERS))
    return asked._replace(headers=tuple(headers))


def _body(asked: Asked, dice: random.Random) -> Asked:
    try:
        value = json.loads(asked.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not value or dice.random() < 0.2:
        return asked._replace(body=dice.choice(BODIES))
    holder: Any = value
    while True:
        key = dice.choice(list(holder) if isinstance(holder, dict) else list(range(len(holder))))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or dice.random() < 0.3:
            break
        holder = inner
    change = dice.randrange(4)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[dice.choice(("x", "", key.upper() if isinstance(key, str) else "y"))] = inner
    else:
        holder[key] = dice.choice(JUNK)
    return asked._replace(body=json.dumps(value).encode())


def _method(asked: Asked, dice: random.Random) -> Asked:
    return asked._replace(method=dice.choice(METHODS), moved=True)


def _quoted(text: str) -> str:
    return text if text.startswith("%") else quote(text, safe="")


def _latin(text: str) -> str:
    """Return a text that a header may have: one with control characters is no HTTP, and refused without a body."""
    return text.encode("utf-8").decode("latin-1").replace("\x00", "\t")


CHANGES: Sequence[Callable[[Asked, random.Random], Asked]] = (
    _path,
    _query,
    _query,
    _header,
    _header,
    _body,
    _body,
    _body,
    _method,
)


def answers(contract: Contract) -> dict[str, str]:
    """Return the JSON of a full answer of each route, by its title."""
    samples = Samples(contract)
    return {
        one.title: json.dumps(samples.of(one.route.response, full=True))
        for one in LintScope(contract).operations
        if one.route.response is not None
    }
