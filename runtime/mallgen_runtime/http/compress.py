"""Answers packed as gzip, where the settings ask for it and the client takes it."""

import gzip
import re

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.conf import CompressConf
from mallgen_runtime.http.messages import Context, Next
from mallgen_runtime.http.offload import offload
from mallgen_runtime.http.vary import vary

_LEVEL = 5
_PACKABLE = re.compile(r"text/(?!event-stream)|[^;]*[/+](?:json|xml|javascript|wasm)\b|image/svg\+xml", re.I)
_BODYLESS = (204, 205, 206, 304)
_WEIGHT = re.compile(r"q=([01](?:\.\d{0,3})?)\Z")


def takes_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding takes gzip: named, or by `*`, with a weight above 0 (RFC 9110, 12.5.3)."""
    found: dict[str, bool] = {}
    for item in accepted.lower().split(","):
        coding, _, weight = item.strip().partition(";")
        matched = _WEIGHT.match(weight.strip())
        found[coding.strip()] = not weight or (matched is not None and float(matched[1]) > 0)
    return found.get("gzip", found.get("x-gzip", found.get("*", False)))


def packed(run: Next, conf: CompressConf) -> Next:
    """Put the packing of answers around a service; files, streams and what is encoded already go as they are."""

    async def answered(ctx: Context) -> Response:
        response = await run(ctx)
        if not _is_packable(response, conf.min_bytes):
            return response
        vary(response, "Accept-Encoding")
        if takes_gzip(", ".join(ctx.headers.get("accept-encoding", ()))):
            data = await offload(len(response.body), _gzip, response.body)
            if len(data) < len(response.body):
                _replace(response, data)
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


def _replace(response: Response, data: bytes) -> None:
    """Give an answer its packed body; the tag of the plain one becomes weak, since the bytes are others."""
    response.body = data
    response.headers["content-encoding"] = "gzip"
    response.headers.pop("content-length", None)
    tag = response.headers.get("etag", "")
    if tag and not tag.startswith("W/"):
        response.headers["etag"] = f"W/{tag}"
