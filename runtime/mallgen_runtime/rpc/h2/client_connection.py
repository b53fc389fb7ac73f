"""The client's end of a connection: requests go out, responses come in. No I/O."""

from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Protocol

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2 import frames, grpc
from mallgen_runtime.rpc.h2.connection import SMALL, ConnectionBase
from mallgen_runtime.rpc.h2.flow_control import Stream
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason, StreamFault
from mallgen_runtime.rpc.h2.headers import HeaderReader, Malformed, ResponseHeaders, response_of
from mallgen_runtime.rpc.h2.hpack import Decoder
from mallgen_runtime.rpc.h2.limits import Budget, Limits

if TYPE_CHECKING:
    from asyncio import Future

_WHOLE_DATA = Struct(">HBBBLBL")  # the head of a frame, and the prefix of its message
_HEAD = frames.HEAD


class Unprocessed(RpcError):
    """The server did not begin with a call: repeating it is safe for every method."""


class ClientCall(Stream):
    """A call to the server; `future` becomes the reply, or an RpcError.

    `deadline`, `slot` and `heard` belong to the transport.
    """

    __slots__ = ("body", "deadline", "encoding", "future", "heard", "slot")

    def __init__(self, number: int, window: int, room: int, future: "Future[bytes]") -> None:
        super().__init__(number, window, room)
        self.future = future
        self.body: bytes | bytearray = b""
        self.encoding: bytes | None = None
        self.slot = self.heard = 0
        self.deadline: float | None = None


class ClientEvents(Protocol):
    """The events that a client's connection reports to its transport."""

    def settled(self) -> None:
        """The server's settings are known, or changed."""

    def answered(self, call: ClientCall) -> None:
        """A call is over, with a reply or an error: there is room for another one."""

    def late(self, call: ClientCall) -> bool:
        """Return whether the time of a call is over."""

    def leaving(self) -> None:
        """The server takes no new calls on this connection."""

    def ponged(self) -> None:
        """A PING was answered."""

    def ended(self, fault: ConnectionFault) -> None:
        """The connection has ended."""


class ClientConnection(ConnectionBase[ClientCall]):
    """The client's end. `call` makes a call; `events` hears of what concerns the whole connection."""

    def __init__(self, write: Callable[[bytes], None], events: ClientEvents, limits: Limits) -> None:
        super().__init__(write, limits, Budget(limits.kept))
        self._events = events
        self._heads = HeaderReader(Decoder(limits.head_bytes, limits.head_fields), response_of)
        self._next = 1
        self.leaving = False
        self.answers = 0

    def greet(self) -> None:
        """Send the preface and our settings."""
        self.write(frames.PREFACE)
        super().greet()

    @property
    def room(self) -> bool:
        """Return whether one more call can be made now."""
        return len(self.streams) < self.peer_streams and not self.leaving and not self.out.paused and self.over is None

    def call(self, head: bytes, message: bytes, future: "Future[bytes]") -> ClientCall:
        """Make a call: `head` is a header block."""
        number, out = self._next, self.out
        self._next = number + 2
        call = ClientCall(number, out.start, self.own_window, future)
        self.streams[number] = call
        size = len(message)
        whole, block = size + grpc.PREFIX_SIZE, len(head)
        if whole <= out.frame and whole <= out.window and whole <= call.window and block <= out.frame:
            out.window -= whole
            start = _HEAD.pack(block >> 8, block & 255, frames.HEADERS, frames.END_HEADERS, number)
            data = _WHOLE_DATA.pack(whole >> 8, whole & 255, frames.DATA, frames.END_STREAM, number, 0, size)
            self.write(b"".join((start, head, data, message)))
        else:
            self.write(frames.headers(number, head, end=False))
            out.send(call, grpc.framed(message), b"")
        if self._next > frames.MOST_STREAM:
            self._depart(number)
        return call

    def cancel(self, call: ClientCall) -> None:
        """Reset a call whose answer is not awaited any more."""
        if self.streams.get(call.id) is call:
            self._end(call, Reason.CANCEL)

    def ping(self) -> None:
        """Send a PING."""
        self.write(frames.frame(frames.PING, 0, 0, b"are you?"))

    def close(self) -> None:
        """Send GOAWAY and end the connection."""
        self.fault(ConnectionFault(Reason.NO_ERROR, "the client is closed"))

    def _end(self, call: ClientCall, reason: Reason) -> None:
        self.write(frames.reset(call.id, reason))
        self._drop(call)
        self._events.answered(call)

    def _own_settings(self) -> tuple[tuple[int, int], ...]:
        return ((frames.ENABLE_PUSH, 0), (frames.MAX_HEAD, self.limits.head_bytes))

    def _last(self) -> int:
        return self._next - 2

    def _headers(self, number: int, block: bytes, *, end: bool) -> None:
        self.left -= 15 + (len(block) >> 4)
        call = self.streams.get(number)
        if call is None:
            self._heads.skip(block)
            self._stray(number)
            return
        try:
            answer = self._heads.read(block)
        except RpcError as problem:
            self._failed(call, problem)
            return
        except Malformed as problem:
            raise StreamFault(number, Reason.PROTOCOL_ERROR, str(problem)) from None
        self.answers += 1
        if end:
            self._finish(call, answer)
        elif answer.code is not None:
            self._failed(call, RpcError(answer.code, answer.detail))
        else:
            if call.encoding is not None:
                self._control()
            call.encoding = answer.encoding

    def _data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        self._room -= size
        if self._room < 0:
            self._too_much()
        self.consumed(size)
        call = self.streams.get(number)
        if call is None:
            self._stray(number)
            return
        call.room -= size
        if call.room < self._low:
            self._more_room(call)
        body = frames.unpadded(flags & frames.PADDED, payload) if flags & frames.PADDED else payload
        self.left -= size >> 10
        if len(body) < SMALL:
            self._control()
        if not call.body:
            call.body = body
        else:
            if isinstance(call.body, bytes):
                call.body = bytearray(call.body)
            call.body += body
        if flags & frames.END_STREAM:
            self._failed(call, RpcError(Code.INTERNAL, "the answer has no status"))
        elif len(call.body) >= grpc.PREFIX_SIZE:
            try:
                announced = grpc.PREFIX.unpack_from(call.body)[1]
                grpc.check_size(announced, self.limits.message)
                grpc.check_size(len(call.body) - grpc.PREFIX_SIZE, announced)
            except RpcError as problem:
                self._failed(call, problem)

    def _stray(self, number: int) -> None:
        """Take a frame of a stream that has ended, or refuse one that was never opened."""
        if number > self._last() or not number & 1:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "an answer to nothing")
        self._control()

    def _finish(self, call: ClientCall, answer: ResponseHeaders) -> None:
        if call.pending:
            self.write(frames.reset(call.id, Reason.NO_ERROR))
        self._drop(call)
        if answer.code is Code.OK:
            try:
                grpc.check_encoding(call.encoding or b"")
                reply = grpc.message_of(bytes(call.body), call.encoding or b"", self.limits.message)
                self.left -= len(reply) >> 9
            except RpcError as problem:
                self.left -= self.limits.message >> 9 if call.encoding else 0
                self._told(call, problem)
                return
            if not call.future.done():
                call.future.set_result(reply)
            self._earned += 2
            self._events.answered(call)
        elif answer.code is None:
            self._told(call, RpcError(Code.UNKNOWN, "the answer has no status"))
        else:
            self._told(call, RpcError(answer.code, answer.detail))

    def _failed(self, call: ClientCall, problem: RpcError) -> None:
        """Fail a call whose answer is not complete, and reset its stream."""
        self.write(frames.reset(call.id, Reason.CANCEL))
        self._drop(call)
        self._told(call, problem)

    def _told(self, call: ClientCall, problem: RpcError) -> None:
        if not call.future.done():
            call.future.set_exception(problem)
        self._events.answered(call)

    def _reset(self, stream: ClientCall, reason: int) -> None:
        if reason == Reason.REFUSED_STREAM:
            self._told(stream, Unprocessed(Code.UNAVAILABLE, "the server refused the call"))
        elif self._events.late(stream):
            self._told(stream, RpcError(Code.DEADLINE_EXCEEDED, "the call took too long"))
        else:
            self._told(stream, RpcError(grpc.code_of_reset(reason), f"the server ended the call ({reason})"))

    def _lost(self, stream: ClientCall, fault: ConnectionFault | StreamFault) -> None:
        if isinstance(fault, StreamFault):
            self._told(stream, RpcError(Code.INTERNAL, f"the answer breaks HTTP/2: {fault}"))
        else:
            self._told(stream, RpcError(Code.UNAVAILABLE, str(fault)))

    def _goaway(self, flags: int, stream: int, payload: bytes) -> None:
        if len(payload) < 8:
            raise ConnectionFault(Reason.FRAME_SIZE_ERROR, "half a GOAWAY")
        self._depart(frames.LONG.unpack_from(payload)[0] & frames.MOST_STREAM)

    def _depart(self, last: int) -> None:
        """Take no new calls, and fail those above `last`, which the server did not begin with."""
        self.leaving = True
        self._events.leaving()
        for number, call in tuple(self.streams.items()):
            if number > last:
                self._drop(call)
                self._told(call, Unprocessed(Code.UNAVAILABLE, "the server is leaving"))

    def _settled(self, *, first: bool) -> None:
        self._events.settled()

    def _ponged(self, payload: bytes) -> None:
        self._events.ponged()

    def _sent(self, stream: ClientCall) -> None:
        """Do nothing: the request is sent, the answer is awaited."""

    def _ended(self, fault: ConnectionFault) -> None:
        self._events.ended(fault)
