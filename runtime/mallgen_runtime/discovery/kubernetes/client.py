"""Lists and watches the EndpointSlices of one Service (https://kubernetes.io/docs/reference/using-api/api-concepts/)."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from mallgen_runtime.discovery.kubernetes.account import Account
from mallgen_runtime.discovery.kubernetes.exchange import MOST_MESSAGE, ApiAnswer, BadAnswer, asked
from mallgen_runtime.discovery.kubernetes.slices import Metadata, Slice
from mallgen_runtime.discovery.kubernetes.target import Target
from mallgen_runtime.process.address import joined
from mallgen_runtime.process.errors import ConfigError

REQUEST, OVERTIME = 5.0, 15.0
BOOKMARK, DELETED = "BOOKMARK", "DELETED"
_CHANGED = ("ADDED", "MODIFIED", DELETED)
_FINE, _GONE = 200, 410


class ApiServerError(Exception):
    """A request that failed, in a few words; `pause` seconds are what the API server asks for."""

    def __init__(self, text: str, pause: float = 0.0) -> None:
        super().__init__(text)
        self.pause = pause


class Cut(ApiServerError):
    """A watch that has ended early. The slices must be listed again; often nothing is wrong."""


class SliceList(msgspec.Struct):
    """The answer to a list."""

    metadata: Metadata
    items: list[Slice] | None = None


class Status(msgspec.Struct):
    """The API's own form of an error."""

    code: int = 0
    message: str = ""


class WatchEvent(msgspec.Struct):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


class Change(NamedTuple):
    """A change of one slice; of a bookmark, the version alone counts."""

    type: str
    slice: Slice


class ApiServer:
    """The EndpointSlices of a Service. Raises ConfigError outside of a cluster, ApiServerError when a request fails."""

    def __init__(self, target: Target) -> None:
        self._account = Account()
        self._target = target
        self.name = f"the Kubernetes API at {joined(self._account.host, self._account.port)}"

    async def slices(self) -> SliceList:
        """Return all slices, within 5 s."""
        with self._told():
            async with asyncio.timeout(REQUEST), self._asked({}) as answer:
                return msgspec.json.decode(await answer.whole(), type=SliceList)

    async def watch(self, version: str, seconds: int) -> AsyncGenerator[Change, None]:
        """Yield the changes after a version, for about so many seconds. Raises Cut when it ends early."""
        query = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version}
        end = time.monotonic() + seconds + OVERTIME
        with self._told():
            asking = self._asked({**query, "timeoutSeconds": str(seconds)})
            async with asking as answer, contextlib.aclosing(answer.lines()) as lines:
                while line := await self._next(lines, end):
                    yield self._change(line)

    async def _next(self, lines: AsyncGenerator[bytes, None], end: float) -> bytes:
        """Return the next line, empty at the end of a watch."""
        try:
            async with asyncio.timeout(end - time.monotonic()):
                return await anext(lines, b"")
        except (OSError, BadAnswer) as problem:  # TimeoutError is an OSError
            raise Cut(f"{self.name} cut a watch: {problem or 'its time is over'}") from None

    @asynccontextmanager
    async def _asked(self, query: dict[str, str]) -> AsyncIterator[ApiAnswer]:
        account, target = self._account, self._target
        words = urlencode({"labelSelector": f"kubernetes.io/service-name={target.service}", **query})
        path = f"/apis/discovery.k8s.io/v1/namespaces/{target.namespace}/endpointslices?{words}"
        async with asked(account.host, account.port, account.context(), path, account.token(), REQUEST) as answer:
            if answer.status != _FINE:
                raise self._refusal(answer.status, await _message(answer), answer.pause)
            yield answer

    def _change(self, line: bytes) -> Change:
        event = msgspec.json.decode(line, type=WatchEvent)
        if event.type in _CHANGED or event.type == BOOKMARK:
            return Change(event.type, msgspec.json.decode(event.object, type=Slice))
        status = msgspec.json.decode(event.object, type=Status)
        if event.type == "ERROR" and status.code == _GONE:
            raise Cut(f"{self.name} no longer has the changes since our last look")
        raise Cut(f"{self.name} ended a watch: {_plain(status.message) or event.type[:50]}")

    def _refusal(self, status: int, message: str, pause: float) -> ApiServerError:
        if status == _GONE:
            return Cut(f"{self.name} no longer has the changes since our last look", pause)
        means = {
            401: "does not know our token (401): it has ended, or is of another cluster",
            403: f"does not let us read the EndpointSlices of {self._target.namespace} (403):"
            " give the pod's ServiceAccount the Role and RoleBinding that `mallgen kube` writes",
            404: "has no EndpointSlices (404): Kubernetes 1.21 or later is needed",
        }
        return ApiServerError(f"{self.name} {means.get(status, f'cannot serve ({status}): {message}')}", pause)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn failures into ApiServerErrors."""
        try:
            yield
        except ConfigError as problem:
            raise ApiServerError(str(problem)) from None
        except ssl.SSLCertVerificationError:
            raise ApiServerError(f"{self.name} shows a certificate that the pod's ca.crt did not sign") from None
        except TimeoutError:
            raise ApiServerError(f"{self.name} does not answer") from None
        except OSError as problem:
            raise ApiServerError(f"{self.name} cannot be reached: {problem.strerror or problem}") from None
        except BadAnswer as problem:
            raise ApiServerError(f"{self.name} gives an answer that cannot be used: {problem}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise ApiServerError(
                f"{self.name} gives an answer that is no EndpointSlices: {_plain(str(problem))}"
            ) from None


async def _message(answer: ApiAnswer) -> str:
    """Return the words of a refusal, empty where there are none."""
    try:
        async with asyncio.timeout(REQUEST):
            return _plain(msgspec.json.decode(await answer.whole(MOST_MESSAGE), type=Status).message)
    except (BadAnswer, msgspec.DecodeError, UnicodeDecodeError, TimeoutError):
        return "without a reason"


def _plain(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text[:1000]).split())[:200]
