"""The server's end of a connection: requests come in, answers go out. No I/O; `ServerEvents` hear what arrives."""

from collections.abc import Callable
from struct import Struct

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2 import frames, grpc
from mallgen_runtime.rpc.h2.budgets import BudgetedConnection, ServerBudget, cost_of
from mallgen_runtime.rpc.h2.call import ServerCall, ServerEvents
from mallgen_runtime.rpc.h2.connection import SMALL
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason, StreamFault
from mallgen_runtime.rpc.h2.headers import Malformed, RequestHeaders
from mallgen_runtime.rpc.h2.hpack import indexed, literal
from mallgen_runtime.rpc.h2.limits import Budget, Limits

_OK_HEAD = indexed(8) + literal(b"content-type", b"application/grpc")
_OK_TRAILERS = literal(b"grpc-status", b"0")
_HEAD_START = frames.frame(frames.HEADERS, frames.END_HEADERS, 0, _OK_HEAD)[:5]
_TRAILERS_START = frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 0, _OK_TRAILERS)[:5]
_DATA = Struct(">HBBBLBL")  # the head of a frame, and the prefix of its message
_PLAIN = b"This is a gRPC service; it answers POST with content-type application/grpc.\n"
_PLAIN_HEAD = literal(b":status", b"415") + literal(b"content-type", b"text/plain")
_LEAVING = b"leaving "
_MOST_DETAIL = 2000
_NEVER = frames.MOST_STREAM
_MOST_PART = 1 << 20
_UNREAD = RpcError(Code.RESOURCE_EXHAUSTED, "too many replies wait for callers that do not read")
_EMPTY = RequestHeaders(b"", None, b"", -1, b"", b"", (), None, False)
_MALFORMED = _EMPTY._replace(plain=True)


class ServerConnection(BudgetedConnection):
    """The server's end. `events` hears of calls; `reply` and `fail` answer them."""

    def __init__(
        self, write: Callable[[bytes], None], events: ServerEvents, limits: Limits, kept: ServerBudget, waiting: Budget
    ) -> None:
        super().__init__(write, limits, kept, waiting)
        self._events = events
        self.highest = 0
        self._final = _NEVER
        self._need = len(frames.PREFACE)
        self._begun = self._leaving = False

    def reply(self, call: ServerCall, message: bytes) -> None:
        """Answer with a message."""
        if self.streams.get(call.id) is not call:
            return
        size = len(message)
        whole = size + grpc.PREFIX_SIZE
        if size > self.limits.message:
            self.fail(call, RpcError(Code.RESOURCE_EXHAUSTED, f"the reply has {size} bytes, more than MaxMessage"))
            return
        out, number = self.out, call.id.to_bytes(4, "big")
        if whole <= out.frame and whole <= out.window and whole <= call.window and not out.paused:
            out.window -= whole
            head = _DATA.pack(whole >> 8, whole & 255, frames.DATA, 0, call.id, 0, size)
            self.write(b"".join((_HEAD_START, number, _OK_HEAD, head, message, _TRAILERS_START, number, _OK_TRAILERS)))
            del self.streams[call.id]
            call.share.add(-call.cost)
            call.cost = 0
            self._earned += 2
            self._events.closed(call)
            if self._final != _NEVER:
                self._told_when_empty()
        elif out.share.greedy(size):
            self.fail(call, _UNREAD)
        else:
            call.hold(-call.cost)
            self.write(_HEAD_START + number + _OK_HEAD)
            call.started = True
            out.send(call, grpc.framed(message), _TRAILERS_START + number + _OK_TRAILERS)
            out.share.check()

    def part(self, call: ServerCall, message: bytes) -> None:
        """Answer one message of many."""
        if self.streams.get(call.id) is not call:
            return
        if len(call.pending) > _MOST_PART or self.out.share.greedy(len(message)):
            self.fail(call, _UNREAD)
            return
        if not call.started:
            call.started = True
            self.write(frames.headers(call.id, _OK_HEAD, end=False))
        self._earned += 2
        self.out.more(call, grpc.framed(message))
        self.out.share.check()

    def fail(self, call: ServerCall, problem: RpcError) -> None:
        """Answer with an error; the rest of the request is not read."""
        if self.streams.get(call.id) is not call:
            return
        block = literal(b"grpc-status", b"%d" % problem.code)
        if not call.started:
            block = _OK_HEAD + block
        if problem.detail:
            block += literal(b"grpc-message", grpc.escaped(problem.detail[:_MOST_DETAIL]))
        if call.pending:
            self.abort(call, Reason.INTERNAL_ERROR)
            return
        self.write(frames.headers(call.id, block, end=True))
        self._finish(call)

    def refuse(self, call: ServerCall, problem: RpcError) -> None:
        """Answer a call that no handler takes: many of these are a flood."""
        self.fail(call, problem)
        self._control(0 if self.over else 1)

    def abort(self, call: ServerCall, reason: Reason) -> None:
        """End a call without an answer, or in the middle of one."""
        if self.streams.get(call.id) is call:
            self.write(frames.reset(call.id, reason))
            self._forget(call.id)
            self._drop(call)
            self._events.closed(call)
            self._told_when_empty()
            self._cost()

    def leave(self) -> None:
        """Announce that the server leaves. Calls that were sent before callers read it are still answered."""
        self._leaving = True
        if self.over is None and self._begun:
            self.write(
                frames.goaway(frames.MOST_STREAM, Reason.NO_ERROR, "leaving")
                + frames.frame(frames.PING, 0, 0, _LEAVING)
            )

    def shut(self) -> None:
        """Take no new calls from here on."""
        if self.over is None and self._final == _NEVER:
            self._final = self.highest
            self.write(frames.goaway(self._final, Reason.NO_ERROR, "leaving"))
            self._told_when_empty()

    def _settled(self, *, first: bool) -> None:
        if first:
            self._events.settled()

    def _ponged(self, payload: bytes) -> None:
        if payload == _LEAVING:
            self.shut()

    def _told_when_empty(self) -> None:
        if self._final != _NEVER and not self.streams:
            self._events.empty()

    def _preface(self, data: bytes) -> int:
        if self._begun:
            return 0
        if not data.startswith(frames.PREFACE):
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "not HTTP/2; this port speaks gRPC without TLS")
        self._begun = True
        if self._leaving:
            self.leave()
        return len(frames.PREFACE)

    def _own_settings(self) -> tuple[tuple[int, int], ...]:
        return ((frames.MAX_STREAMS, self.limits.streams), (frames.MAX_HEAD, self.limits.head_bytes))

    def _last(self) -> int:
        return self.highest

    def _processed(self) -> int:
        return min(self.highest, self._final)

    def _headers(self, number: int, block: bytes, *, end: bool) -> None:
        self.left -= 20 + (len(block) >> 4)
        try:
            request = self._heads.read(block)  # in any case: the table depends on it
        except RpcError as problem:
            request = _EMPTY._replace(problem=problem)
        except Malformed:
            request = _MALFORMED
        if number <= self.highest or not number & 1:
            self._known(number, len(block), end=end)
            return
        self.highest = number
        if number > self._final:
            return
        self.left -= 10
        if len(self.streams) >= self.limits.streams:
            raise StreamFault(number, Reason.REFUSED_STREAM, "too many streams")
        if request is _MALFORMED:
            raise StreamFault(number, Reason.PROTOCOL_ERROR, "a head that is not HTTP")
        self._open(number, request, len(block), end=end)

    def _known(self, number: int, size: int, *, end: bool) -> None:
        """Take HEADERS on a stream that is not new."""
        call = self.streams.get(number)
        if call is not None:
            self._trailers(call, end=end)
        elif number in self._gone:
            self._control(1 + (size >> 6))
        else:
            reason = Reason.STREAM_CLOSED if number & 1 else Reason.PROTOCOL_ERROR
            raise ConnectionFault(reason, "HEADERS on a stream that nobody may open")

    def _open(self, number: int, request: RequestHeaders, size: int, *, end: bool) -> None:
        call = ServerCall(number, self.out.start, self.own_window, request, self._coming)
        self.streams[number] = call
        call.cost = cost_of(request, size)
        self._coming.add(call.cost)
        self._events.opened(call)
        if request.problem is not None:
            call.whole = end
            self.refuse(call, request.problem)
            if not end:
                self._cost()
        elif end:
            self._complete(call, b"")
        else:
            self._coming.check()

    def _trailers(self, call: ServerCall, *, end: bool) -> None:
        if call.whole:
            raise StreamFault(call.id, Reason.STREAM_CLOSED, "HEADERS after the end")
        if not end:
            raise StreamFault(call.id, Reason.PROTOCOL_ERROR, "trailers that do not end the stream")
        self._complete(call, b"" if call.open else self._let_go(call))

    def _data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        self._room -= size
        if self._room < 0:
            self._too_much()
        call = self.streams.get(number)
        if call is None or call.whole:
            self._stray(number, size)
            return
        call.room -= size
        if call.room < self._low:
            self._more_room(call)
        body = frames.unpadded(flags & frames.PADDED, payload) if flags & frames.PADDED else payload
        call.size += len(body)
        self.left -= size >> 10
        if not flags & frames.END_STREAM:
            if len(body) < SMALL:
                self._control()
            self.consumed(size - len(body))
            self._hold(call, body)
        elif call.held or call.open:
            self.consumed(size - len(body))
            self._keep(call, body)
            self._complete(call, b"" if call.open else self._let_go(call))
        else:
            self.consumed(size)
            self._complete(call, body)

    def _stray(self, number: int, size: int) -> None:
        """Take DATA that belongs to no call."""
        self.consumed(size)
        self._control()
        if not number or self._is_idle(number):
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "DATA on an idle stream")
        if number not in self._gone and number <= self._final:
            raise StreamFault(number, Reason.STREAM_CLOSED, "DATA after the end")

    def _hold(self, call: ServerCall, body: bytes) -> None:
        if call.request.plain:
            self.consumed(len(body))
            return
        self._keep(call, body)
        if call.open:
            self._messages(call)
        elif len(call.held) >= grpc.PREFIX_SIZE:
            _, announced = grpc.PREFIX.unpack_from(call.held)
            try:
                grpc.check_size(announced, self.limits.message)
                grpc.check_size(len(call.held) - grpc.PREFIX_SIZE, announced)
            except RpcError as problem:
                self.fail(call, problem)
                self._cost()
        self._coming.check()

    def _messages(self, call: ServerCall) -> None:
        """Report the complete messages of an open call."""
        most = self.limits.message
        try:
            while len(call.held) >= grpc.PREFIX_SIZE and call.open:
                size = grpc.PREFIX.unpack_from(call.held)[1] + grpc.PREFIX_SIZE
                grpc.check_size(size - grpc.PREFIX_SIZE, most)
                if len(call.held) < size:
                    return
                message = grpc.message_of(bytes(call.held[:size]), call.request.encoding, most)
                del call.held[:size]
                self._release(call, size)
                self._charge(len(message))
                self._events.called(call, message)
        except RpcError as problem:
            self.refuse(call, problem)

    def _last_message(self, call: ServerCall) -> None:
        """Finish an open call whose caller has sent its last message."""
        self._messages(call)
        if self.streams.get(call.id) is not call:
            return
        if call.held:
            self.refuse(call, RpcError(Code.INTERNAL, "half a message"))
            return
        call.open = False
        status = _OK_TRAILERS if call.started else _OK_HEAD + _OK_TRAILERS
        call.ending = frames.headers(call.id, status, end=True)
        if not call.pending:
            self.write(call.ending)
            self._finish(call)

    def _complete(self, call: ServerCall, body: bytes) -> None:
        call.whole = True
        if call.open:
            self._last_message(call)
            return
        request = call.request
        if request.length >= 0 and request.length != call.size:
            raise StreamFault(call.id, Reason.PROTOCOL_ERROR, "content-length is not the length")
        if request.plain:
            self._control()
            self.write(frames.headers(call.id, _PLAIN_HEAD, end=False))
            self.out.send(call, _PLAIN, b"")
            return
        try:
            grpc.check_encoding(request.encoding)
            grpc.check_size(len(body) - grpc.PREFIX_SIZE, self.limits.message)
            message = grpc.message_of(body, request.encoding, self.limits.message)
        except RpcError as problem:
            self._charge(self.limits.message if request.encoding else 0)
            self.refuse(call, problem)
            return
        self._charge(len(message))
        self._begin(call, message)
        self._events.called(call, message)
        self._running.check()

    def _finish(self, call: ServerCall) -> None:
        """Finish a call whose answer is written; reset the stream of a caller that still sends."""
        if not call.whole:
            self.write(frames.reset(call.id, Reason.NO_ERROR))
            self._forget(call.id)
        self._drop(call)
        self._events.closed(call)
        self._told_when_empty()

    def _sent(self, stream: ServerCall) -> None:
        self._earned += 2
        self._finish(stream)

    def _reset(self, stream: ServerCall, reason: int) -> None:
        self._events.closed(stream)
        self._told_when_empty()
        self._cost()

    def _lost(self, stream: ServerCall, fault: ConnectionFault | StreamFault) -> None:
        self._events.closed(stream)
        if isinstance(fault, StreamFault):
            self._told_when_empty()

    def _closed(self, call: ServerCall) -> None:
        self._events.closed(call)

    def _ended(self, fault: ConnectionFault) -> None:
        self._events.ended(fault)
