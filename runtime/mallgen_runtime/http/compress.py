"""Answers packed as gzip or Brotli, where the settings ask for it and the client takes it."""

import gzip
import re
from collections.abc import Callable

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.conf import CompressConf
from mallgen_runtime.http.encodings import chosen_for
from mallgen_runtime.http.messages import Context, Next
from mallgen_runtime.http.offload import offload
from mallgen_runtime.http.vary import vary

_LEVEL = 5
_QUALITY = 4  # of Brotli's eleven: as fast as gzip at its 5; the next takes three times as long
_PACKABLE = re.compile(r"text/(?!event-stream)|[^;]*[/+](?:json|xml|javascript|wasm)\b|image/svg\+xml", re.I)
_BODYLESS = (204, 205, 206, 304)


def packed(run: Next, conf: CompressConf) -> Next:
    """Put the packing of answers around a service; files, streams and what is encoded already go as they are."""
    packers: dict[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip} if conf.brotli else {"gzip": _gzip}

    async def answered(ctx: Context) -> Response:
        response = await run(ctx)
        if not _is_packable(response, conf.min_bytes):
            return response
        vary(response, "Accept-Encoding")
        coding = chosen_for(ctx, tuple(packers))
        if coding:
            data = await offload(len(response.body), packers[coding], response.body)
            if len(data) < len(response.body):
                _replace(response, data, coding)
        return response

    return answered


def _is_packable(response: Response, least: int) -> bool:
    if response.in_pieces or len(response.body) < least or response.status in _BODYLESS:
        return False
    headers = response.headers
    if "content-encoding" in headers or "content-range" in headers:
        return False
    if "no-transform" in headers.get("cache-control", "").lower():
        return False
    return _PACKABLE.match(headers.get("content-type", "")) is not None


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, _LEVEL, mtime=0)


def _brotli(data: bytes) -> bytes:
    import brotli  # type: ignore[import-untyped]

    return bytes(brotli.compress(data, quality=_QUALITY))


def _replace(response: Response, data: bytes, coding: str) -> None:
    """Give an answer its packed body; the tag of the plain one becomes weak, since the bytes are others."""
    response.body = data
    response.headers["content-encoding"] = coding
    response.headers.pop("content-length", None)
    tag = response.headers.get("etag", "")
    if tag and not tag.startswith("W/"):
        response.headers["etag"] = f"W/{tag}"
