"""Calls etcd's API v3 over grpc.aio, through any member that answers.

No library tried does what discovery needs: their watches end, or fall silent, when etcd restarts or loses its data.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any, Generic, NamedTuple, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.discovery.etcd import etcd_pb2 as pb
from mallgen_runtime.discovery.etcd.settings import Member, credentials, members

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
T = TypeVar("T")
REQUEST = 3.0
_OPTIONS = (
    # Our own pace decides when to connect again, and a channel of ours shares no pause with another.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    # A member that vanished without a word is noticed within 13 s; etcd refuses pings more often than every 5 s. The
    # second limit is the one that counts in gRPC 1.85, where its default is a minute; older ones know the first only.
    ("grpc.keepalive_time_ms", 10000),
    ("grpc.keepalive_timeout_ms", 3000),
    ("grpc.http2.ping_timeout_ms", 3000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.enable_http_proxy", 0),
    ("grpc.service_config_disable_resolution", 1),
)
_GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
# The answer of a member that protects its status; any other that is no status does not come from etcd.
_ANSWERS = (
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
)
_STALE = ("invalid auth token", "auth store is old", "user name is empty")
_START = "start it (etcd) or remove the Etcd block"
_HOSTS = "check Etcd.Hosts"
_LOGIN = "check Etcd.User and Etcd.Pass"
_TLS = "check Etcd.CACertFile, CertFile and CertKeyFile"
_SIGNS = (
    ("refused", "cannot be reached", _START),
    ("CERTIFICATE_VERI", "shows a certificate that is not signed by the one in Etcd.CACertFile", _TLS),
    ("TSI_", "does not agree on TLS", _TLS),
    ("andshake", "does not agree on TLS", _TLS),
    ("Socket closed", "closes the connection", f"{_HOSTS}; if it asks for TLS, name the Etcd.CACertFile"),
    ("DNS resolution", "cannot be reached: its name is not known", _HOSTS),
)
# An etcd member that is cut off from the others ends streams that ask for this, instead of going silent.
_LEADER = ("hasleader", "true")


class EtcdError(Exception):
    """A call that failed, in a few words; `hint` is what the user can do about it."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


class Unreachable(EtcdError):
    """No member answers."""


class Refused(EtcdError):
    """etcd does not accept our name and password, or what we ask for."""


class LeaseLost(EtcdError):
    """The lease has ended, or etcd has lost it."""


class Broken(EtcdError):
    """A stream or the connection has ended. The keys must be looked up again; often nothing is wrong."""


class _StaleToken(Refused):
    """The token has expired: log in again."""


class Rpc(NamedTuple, Generic[Q, R]):
    """A method of etcd."""

    path: str
    reply: type[R]


RANGE: Rpc[pb.RangeRequest, pb.RangeResponse] = Rpc("/etcdserverpb.KV/Range", pb.RangeResponse)
PUT: Rpc[pb.PutRequest, pb.PutResponse] = Rpc("/etcdserverpb.KV/Put", pb.PutResponse)
GRANT: Rpc[pb.LeaseGrantRequest, pb.LeaseGrantResponse] = Rpc("/etcdserverpb.Lease/LeaseGrant", pb.LeaseGrantResponse)
REVOKE: Rpc[pb.LeaseRevokeRequest, pb.LeaseRevokeResponse] = Rpc(
    "/etcdserverpb.Lease/LeaseRevoke", pb.LeaseRevokeResponse
)
_KEEP_ALIVE: Rpc[pb.LeaseKeepAliveRequest, pb.LeaseKeepAliveResponse] = Rpc(
    "/etcdserverpb.Lease/LeaseKeepAlive", pb.LeaseKeepAliveResponse
)
_WATCH: Rpc[pb.WatchRequest, pb.WatchResponse] = Rpc("/etcdserverpb.Watch/Watch", pb.WatchResponse)
_AUTHENTICATE: Rpc[pb.AuthenticateRequest, pb.AuthenticateResponse] = Rpc(
    "/etcdserverpb.Auth/Authenticate", pb.AuthenticateResponse
)
_STATUS: Rpc[pb.StatusRequest, pb.StatusResponse] = Rpc("/etcdserverpb.Maintenance/Status", pb.StatusResponse)


class _Link(NamedTuple):
    """A connection to one member, with the credentials of each call.

    The limits are the event loop's: gRPC counts from the wall clock, which may jump.
    """

    channel: grpc.aio.Channel
    metadata: tuple[tuple[str, str], ...]

    async def unary(self, rpc: Rpc[Q, R], request: Q, seconds: float = REQUEST) -> R:
        call: Any = self.channel.unary_unary(
            rpc.path, request_serializer=type(request).SerializeToString, response_deserializer=rpc.reply.FromString
        )
        async with asyncio.timeout(seconds):
            reply: R = await call(request, metadata=self.metadata)
            return reply

    async def stream(self, rpc: Rpc[Q, R], request: Q) -> AsyncGenerator[R, None]:
        """Sends one request and stays open for replies. The first must come in 3 s: etcd answers a watch at once."""
        method: Any = self.channel.stream_stream(
            rpc.path, request_serializer=type(request).SerializeToString, response_deserializer=rpc.reply.FromString
        )
        call = method(metadata=(*self.metadata, _LEADER))
        try:
            async with asyncio.timeout(REQUEST):
                await call.write(request)
                reply = await call.read()
            while reply is not grpc.aio.EOF:
                yield reply
                reply = await call.read()
        finally:
            call.cancel()


class EtcdClient:
    """One etcd cluster. Connects with the first call; after a failure the next member is tried.

    Raises ConfigError for settings that cannot be used, EtcdError when a call fails; 3 s are the limit of one call.
    """

    def __init__(self, conf: EtcdConf) -> None:
        self._conf = conf
        self._members = members(conf)
        self._credentials = credentials(conf)
        self._turn = random.randrange(len(self._members))  # noqa: S311
        self._link: _Link | None = None
        self._left: list[grpc.aio.Channel] = []
        self._connecting = asyncio.Lock()

    @property
    def hosts(self) -> str:
        """The members, for messages."""
        return ", ".join(member.host for member in self._members)

    async def unary(self, rpc: Rpc[Q, R], request: Q) -> R:
        """One call."""

        async def run(link: _Link) -> R:
            return await link.unary(rpc, request)

        return await self._called(run)

    async def keep_alive(self, lease: int) -> None:
        """Renew a lease. Raises LeaseLost."""

        async def run(link: _Link) -> pb.LeaseKeepAliveResponse:
            request = pb.LeaseKeepAliveRequest(ID=lease)
            async with aclosing(link.stream(_KEEP_ALIVE, request)) as replies:
                async for reply in replies:
                    return reply
            raise Broken(f"etcd {self.hosts} ended a renewal")

        reply = await self._called(run)
        if reply.TTL <= 0:
            raise LeaseLost(f"the lease at etcd {self.hosts} is gone")

    async def watch(self, key: bytes, end: bytes, revision: int) -> AsyncGenerator[pb.Event, None]:
        """Yield the changes after `revision` to the keys from `key` to before `end`; to `key` alone if `end` is empty.

        Ends with an EtcdError only.
        """
        create = pb.WatchCreateRequest(key=key, range_end=end, start_revision=revision + 1)
        link = await self._linked()
        with self._told(link):
            async with aclosing(link.stream(_WATCH, pb.WatchRequest(create_request=create))) as replies:
                async for reply in replies:
                    if reply.canceled:
                        raise Broken(f"etcd {self.hosts} ended a watch: {reply.cancel_reason or 'it was compacted'}")
                    if reply.created and reply.header.revision < revision:
                        raise Broken(f"etcd {self.hosts} has lost what it knew")
                    for event in reply.events:
                        yield event
        raise Broken(f"etcd {self.hosts} ended a watch")

    async def close(self) -> None:
        """Disconnect."""
        async with self._connecting:
            if self._link is not None:
                self._leave(self._link)
            await self._close_left()

    async def _called(self, run: Callable[[_Link], Awaitable[T]]) -> T:
        """Make a call; once more with a new token when ours has expired."""
        try:
            link = await self._linked()
            with self._told(link):
                return await run(link)
        except _StaleToken:
            link = await self._linked()
            with self._told(link):
                return await run(link)

    async def _linked(self) -> _Link:
        """Return the connection, or one to the next member that answers. Raises EtcdError after one round."""
        async with self._connecting:
            await self._close_left()
            problem: EtcdError | None = None
            for _ in self._members:
                if self._link is not None:
                    break
                try:
                    self._link = await self._greeted(self._members[self._turn])
                except Unreachable as found:
                    problem = found
                    self._turn = (self._turn + 1) % len(self._members)
                finally:
                    await self._close_left()
            if self._link is not None:
                return self._link
            assert problem is not None
            raise problem

    async def _close_left(self) -> None:
        while self._left:
            await self._left[-1].close()
            self._left.pop()

    def _leave(self, link: _Link) -> None:
        """Do not use a connection again; its streams end when it is closed, before the next one opens."""
        if self._link is link:
            self._link = None
            self._turn = (self._turn + 1) % len(self._members)
            self._left.append(link.channel)

    async def _greeted(self, member: Member) -> _Link:
        """Connect, see that the member has a leader, and log in."""
        channel = (
            grpc.aio.insecure_channel(member.target, options=_OPTIONS)
            if self._credentials is None
            else grpc.aio.secure_channel(member.target, self._credentials, options=_OPTIONS)
        )
        self._left.append(channel)
        link = _Link(channel, ())
        try:
            status = await link.unary(_STATUS, pb.StatusRequest(), 2 if len(self._members) == 1 else 1)
            if not status.leader:
                raise Unreachable(f"etcd {self.hosts} has no leader", "see what its members log")
        except grpc.aio.AioRpcError as problem:
            if problem.code() not in _ANSWERS:
                raise unreachable(self.hosts, problem) from None
        except TimeoutError:
            raise Unreachable(f"etcd {self.hosts} does not answer", _HOSTS) from None
        if self._conf.user:
            link = _Link(channel, await self._logged_in(link))
        self._left.remove(channel)
        return link

    async def _logged_in(self, link: _Link) -> tuple[tuple[str, str], ...]:
        request = pb.AuthenticateRequest(name=self._conf.user, password=self._conf.password)
        try:
            reply = await link.unary(_AUTHENTICATE, request)
        except grpc.aio.AioRpcError as problem:
            if "authentication is not enabled" in (problem.details() or ""):
                return ()
            if problem.code() in _GONE:
                raise unreachable(self.hosts, problem) from None
            raise Refused(f"etcd {self.hosts} refuses {self._conf.user}: {plain(problem)}", _LOGIN) from None
        except TimeoutError:
            raise Unreachable(f"etcd {self.hosts} does not answer", _HOSTS) from None
        return (("token", reply.token),)

    @contextlib.contextmanager
    def _told(self, link: _Link) -> Iterator[None]:
        """Turn failures into EtcdErrors. A connection that failed is not used again."""
        try:
            yield
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise Broken(f"the connection to etcd {self.hosts} was closed") from None
        except (grpc.aio.UsageError, asyncio.InvalidStateError):
            raise Broken(f"the connection to etcd {self.hosts} was closed") from None
        except TimeoutError:
            self._leave(link)
            raise Unreachable(f"etcd {self.hosts} does not answer", _HOSTS) from None
        except grpc.aio.AioRpcError as problem:
            raise self._meaning(problem, link) from None

    def _meaning(self, problem: grpc.aio.AioRpcError, link: _Link) -> EtcdError:
        text = plain(problem)
        if "lease not found" in text:
            return LeaseLost(f"the lease at etcd {self.hosts} is gone")
        if problem.code() in _GONE:
            self._leave(link)
            if "etcdserver" in (problem.details() or ""):
                return Unreachable(f"etcd {self.hosts} cannot serve: {text}", "see what its members log")
            if problem.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                return unreachable(self.hosts, problem)
            return Broken(f"the connection to etcd {self.hosts} is lost")
        stale = any(sign in text for sign in _STALE)
        if stale:
            self._leave(link)
        return (_StaleToken if stale else Refused)(f"etcd {self.hosts} refuses: {text}", _LOGIN)


def plain(problem: grpc.aio.AioRpcError) -> str:
    """Return etcd's message in one line."""
    text = (problem.details() or problem.code().name.lower()).removeprefix("etcdserver: ")
    return " ".join(text.split())[:200]


def unreachable(hosts: str, problem: grpc.aio.AioRpcError) -> Unreachable:
    """Return why no member answers, from gRPC's message."""
    text = problem.details() or ""
    for sign, what, hint in _SIGNS:
        if sign in text:
            return Unreachable(f"etcd {hosts} {what}", hint)
    if problem.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Unreachable(f"etcd {hosts} does not answer", _HOSTS)
    return Unreachable(f"etcd {hosts} cannot be reached: {plain(problem).rpartition('last error: ')[2]}", _HOSTS)
