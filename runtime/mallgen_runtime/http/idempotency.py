"""A middleware that runs a request once, however often its client sends it, by answers kept in a cache."""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence

import msgspec

from mallgen_runtime.cache import Cache
from mallgen_runtime.cache.keys import own_key, own_stem
from mallgen_runtime.cache.store import CacheDown
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.problems import ApiError

_KEY = re.compile(r"[!-~]{1,255}")
_RUNNING, _DONE = b"\1", b"\2"
_TOKEN = 16  # bytes by which a request knows its own claim
_MOST_BYTES = 1 << 20
_NOT_BEGUN = (401, 408, 413, 425, 429)  # of who may ask again: nothing was done


class _KeptAnswer(msgspec.Struct, array_like=True):
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes


def by_token(ctx: Context) -> str:
    """Return what distinguishes the callers of a service: the Authorization header, without one the cookies."""
    return "\n".join(ctx.headers.get("authorization", ()) or ctx.headers.get("cookie", ()))


class Idempotency:
    """Requests with an Idempotency-Key run once; the same request again gets the answer that was given.

    The rules are those of draft-ietf-httpapi-idempotency-key-header: 409 while the first one runs, 422 for a key that
    came with another request. An answer is kept for `expiry` seconds; one of 500 and more is not, nor 401, 408, 413,
    425, 429, a stream or a body beyond a mebibyte, so that the client may try again. `lock` is the time in seconds
    after which a request may run again whose process has died, or whose client left before it was answered; it is
    longer than a request may take. `who` tells callers apart, whose keys have nothing to do with each other. With
    `required` a request without a key is refused. While Redis does not answer, such requests get 503.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        expiry: float = 86_400.0,
        lock: float = 60.0,
        methods: Sequence[str] = ("POST", "PATCH"),
        required: bool = False,
        who: Callable[[Context], str] = by_token,
    ) -> None:
        self._cache = cache
        self._expiry = expiry
        self._lock = lock
        self._methods = frozenset(methods)
        self._required = required
        self._who = who
        self._stem = own_stem(cache.prefix, cache.database, "requests", "once")

    async def handle(self, ctx: Context, next_: Next) -> Response:
        """Run a request, or give the answer that it had."""
        if ctx.method not in self._methods or ctx.matched is None:
            return await next_(ctx)
        given = ctx.headers.get("idempotency-key", ())
        if not given and not self._required:
            return await next_(ctx)
        if len(given) != 1 or not _KEY.fullmatch(given[0]):
            raise ApiError(400, "bad_idempotency_key", "Idempotency-Key is one text of 1 to 255 printable characters")
        caller = hashlib.sha256(self._who(ctx).encode("utf-8", "surrogatepass")).hexdigest()
        key = own_key(self._stem, [caller, given[0]])
        print_ = await _fingerprint(ctx)
        claim = _RUNNING + print_ + secrets.token_bytes(_TOKEN)
        try:
            found = await self._cache.store.claim(key, claim, self._lock)
        except CacheDown:
            text = "whether this request has been answered cannot be known now"
            raise ApiError(503, "unavailable", text, headers={"retry-after": "1"}) from None
        return await self._run(ctx, next_, key, claim) if found is None else _again(found, print_)

    async def _run(self, ctx: Context, next_: Next, key: str, claim: bytes) -> Response:
        try:
            response = await next_(ctx)
        except Exception:
            await self._resolve(key, claim, b"")
            raise  # a request that was cancelled may have done its work: its key stays taken for `lock`
        kept = b""
        if _is_kept(response):
            answer = _KeptAnswer(response.status, dict(response.headers), list(response.cookies), response.body)
            kept = _DONE + claim[len(_RUNNING) : -_TOKEN] + msgspec.msgpack.encode(answer)
        await self._resolve(key, claim, kept)
        return response

    async def _resolve(self, key: str, claim: bytes, kept: bytes) -> None:
        """Keep an answer, or free the key, unless another request has it by now: this one took longer than `lock`."""
        await self._cache.after_write(self._cache.store.resolve(key, claim, kept, self._expiry))


def _is_kept(response: Response) -> bool:
    if response.status >= 500 or response.status in _NOT_BEGUN:
        return False
    return not response.in_pieces and len(response.body) <= _MOST_BYTES


def _again(found: bytes, print_: bytes) -> Response:
    """Return the kept answer. Raises a 409 while there is none, a 422 when it is that of another request."""
    state, rest = found[:1], found[1:]
    if not rest.startswith(print_):
        raise ApiError(422, "idempotency_key_reused", "this Idempotency-Key came with another request before")
    if state != _DONE:
        text = "the first request with this Idempotency-Key is still running"
        raise ApiError(409, "still_running", text, headers={"retry-after": "1"})
    kept = msgspec.msgpack.decode(rest[len(print_) :], type=_KeptAnswer)
    response = Response(kept.body, kept.status, kept.headers)
    response.cookies = kept.cookies
    response.headers["idempotency-replayed"] = "true"
    return response


async def _fingerprint(ctx: Context) -> bytes:
    """Return the digest of a request; of an upload without its content, which is not held in memory."""
    digest = hashlib.sha256(f"{ctx.method} {ctx.url_path}\n".encode("utf-8", "surrogatepass"))
    digest.update(ctx.scope["query_string"] + b"\n")
    kind = next(iter(ctx.headers.get("content-type", ())), "")
    if kind.strip().lower().startswith("multipart/"):
        digest.update(next(iter(ctx.headers.get("content-length", ())), "").encode())
    else:
        digest.update(await ctx.raw_body())
    return digest.digest()
