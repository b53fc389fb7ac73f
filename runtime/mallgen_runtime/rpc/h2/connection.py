"""The work of both ends of a connection: parse frames, keep windows, count the work. Bytes in, bytes out."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic

from mallgen_runtime.rpc.h2 import frames
from mallgen_runtime.rpc.h2.flow_control import FlowControl, S
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason, StreamFault
from mallgen_runtime.rpc.h2.limits import Budget, Limits, Rate

_UNPACK = frames.HEAD.unpack_from
_HEAD_SIZE, _HEADERS, _MOST_FRAME, _MOST_STREAM = (
    frames.HEAD_SIZE,
    frames.HEADERS,
    frames.LEAST_MAX_FRAME,
    frames.MOST_STREAM,
)
_SLACK = 65_536
_OWED = 1 << 20
SMALL = 64  # DATA below this that does not end a stream counts as a frame without a call
WHOLE = 1 << 60
_REMEMBERED = 1000
_PLAIN = frames.END_HEADERS | frames.PADDED | frames.PRIORITIZED
_ON_STREAM = frozenset((frames.DATA, frames.HEADERS, frames.PRIORITY, frames.RST_STREAM, frames.CONTINUATION))
_ON_CONNECTION = frozenset((frames.SETTINGS, frames.PING, frames.GOAWAY))
_SIZES = {frames.PRIORITY: 5, frames.RST_STREAM: 4, frames.PING: 8, frames.WINDOW_UPDATE: 4}


class ConnectionBase(ABC, Generic[S]):
    """One end of a connection. `receive` takes bytes, `write` is called with bytes for the peer.

    `over` is why it ended, None while it is alive; after the end it takes and writes nothing. Received bytes are
    processed in shares of work, in units of about a microsecond: `behind` says that some are left, `work` goes on.
    """

    stops_when_paused = False

    def __init__(self, write: Callable[[bytes], None], limits: Limits, waiting: Budget) -> None:
        self.write = write
        self.limits = limits
        self.streams: dict[int, S] = {}
        self.over: ConnectionFault | None = None
        self.greeted = False
        self.out: FlowControl[S] = FlowControl(write, waiting, self._sent, self._drop_waiting)
        self.behind = False
        self.left = 0
        self._late, self._at = b"", 0
        self.peer_streams = frames.MOST_STREAM
        self.own_window = min(limits.message + _SLACK, _OWED * 8)
        self.conn_window = max(limits.kept, self.own_window) + _OWED
        self._room = frames.WINDOW
        self._owed = 0
        self._low = self.own_window >> 1 if self.own_window < limits.message else 0
        self._earned = 0
        self._gone: dict[int, None] = {}
        self._rest = bytearray()
        self._need = 0
        self._controls = Rate(limits.controls)
        self._resets = Rate(limits.resets)
        self._block = b""
        self._block_of: tuple[int, bool] | None = None
        self._blocks = 0
        self._take = {
            frames.DATA: self._data,
            frames.HEADERS: self._header_frame,
            frames.PRIORITY: self._priority,
            frames.RST_STREAM: self._reset_frame,
            frames.SETTINGS: self._settings,
            frames.PUSH_PROMISE: self._pushed,
            frames.PING: self._ping,
            frames.GOAWAY: self._goaway,
            frames.WINDOW_UPDATE: self._window_update,
            frames.CONTINUATION: self._continuation,
        }

    def greet(self) -> None:
        """Send our settings."""
        values = ((frames.INITIAL_WINDOW, self.own_window), *self._own_settings())
        more = self.conn_window - frames.WINDOW
        self._room += more
        self.write(frames.settings(values) + frames.credit(0, more))

    def receive(self, data: bytes, share: int = WHOLE) -> None:
        """Process what the peer sent. A fault in it ends the stream or the connection."""
        if self.over is not None:
            return
        if self.behind:
            self._late, self._at = self._late[self._at :] + data, 0
            return
        if self._need:
            self._rest += data
            if len(self._rest) < self._need:
                return
            data = bytes(self._rest)
            self._rest.clear()
        self.left = min(self.left + share, share)
        self._go_on(data, 0)

    def work(self, share: int) -> int:
        """Go on with what is left; return its cost. A connection over its share pays with the next ones."""
        if not self.behind or self.over is not None:
            return 0
        self.left = before = min(self.left + share, share)
        data, at = self._late, self._at
        self._late, self._at, self.behind = b"", 0, False
        self._go_on(data, at)
        return before - self.left

    @property
    def unread(self) -> int:
        """Return the bytes that were received and not processed."""
        return len(self._late) - self._at + len(self._rest) + len(self._block)

    def _go_on(self, data: bytes, at: int) -> None:
        try:
            self._cut(data, at)
        except ConnectionFault as fault:
            self.fault(fault)

    def fault(self, fault: ConnectionFault) -> None:
        """End the connection and say why."""
        if self.over is None:
            self.write(frames.goaway(self._processed(), fault.reason, fault.text))
            self.end(fault)

    def end(self, fault: ConnectionFault) -> None:
        """End the connection without a word to the peer."""
        if self.over is not None:
            return
        self.over = fault
        self.behind = False
        self._late, self._at, self._block = b"", 0, b""
        self._rest.clear()
        self._end_streams(fault)
        self._ended(fault)

    def _end_streams(self, fault: ConnectionFault) -> None:
        """Drop the streams that are left."""
        for stream in tuple(self.streams.values()):
            self._drop(stream)
            self._lost(stream, fault)

    def _cut(self, data: bytes, at: int) -> None:
        at, end = at or self._preface(data), len(data)
        take, stop = self._take, 0
        while (start := at + _HEAD_SIZE) <= end:
            high, low, kind, flags, stream = _UNPACK(data, at)
            stop = start + (high << 8 | low)
            if stop > end:
                if stop - start > _MOST_FRAME:
                    raise ConnectionFault(Reason.FRAME_SIZE_ERROR, "a frame is larger than we allow")
                break
            if self.left <= 0 or (self.out.paused and self.stops_when_paused):
                self._late, self._at, self.behind, self._need = data, at, True, 0
                return
            self.left -= 2
            stream &= _MOST_STREAM
            if kind > _HEADERS or self._block_of is not None or not self.greeted or stop - start > _MOST_FRAME:
                self._check(kind, stream, stop - start)
            try:
                if kind in take:
                    take[kind](flags, stream, data[start:stop])
            except StreamFault as fault:
                self._refuse(fault)
            if self.over is not None:
                return
            at = stop
        self._need = 0
        if at < end:
            self._rest += data[at:]
            self._need = stop - at if start <= end else _HEAD_SIZE

    def _preface(self, data: bytes) -> int:
        """Return where the first frame begins."""
        return 0

    def _check(self, kind: int, stream: int, size: int) -> None:
        """Check what the head of a frame says."""
        if size > _MOST_FRAME:
            raise ConnectionFault(Reason.FRAME_SIZE_ERROR, "a frame is larger than we allow")
        if self._block_of is not None and (kind != frames.CONTINUATION or stream != self._block_of[0]):
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "a header block was interrupted")
        if not self.greeted and kind != frames.SETTINGS:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "the first frame must be SETTINGS")
        if (kind in _ON_STREAM and not stream) or (kind in _ON_CONNECTION and stream):
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "a frame on the wrong stream")
        if kind in (frames.HEADERS, frames.DATA):
            return
        if _SIZES.get(kind, size) != size:
            fault = Reason.FRAME_SIZE_ERROR
            raise ConnectionFault(fault, "a frame has the wrong size")
        if kind not in (frames.CONTINUATION, frames.RST_STREAM):
            self._control()

    def _control(self, weight: int = 1) -> None:
        self._controls.earned(self._earned)
        self._earned = 0
        if self._controls.count(weight):
            raise ConnectionFault(Reason.ENHANCE_YOUR_CALM, "too many frames that carry no call")

    def _cost(self) -> None:
        """Count a stream that ended before its answer, by either side."""
        self.left -= 20
        if self._resets.count():
            self.fault(ConnectionFault(Reason.ENHANCE_YOUR_CALM, "too many streams are reset"))

    def _refuse(self, fault: StreamFault) -> None:
        """End a stream because of a fault of the peer."""
        self.write(frames.reset(fault.stream, fault.reason))
        stream = self.streams.get(fault.stream)
        self._forget(fault.stream)
        if stream is not None:
            self._drop(stream)
            self._lost(stream, fault)
        self._cost()

    def _forget(self, number: int) -> None:
        """Remember a stream that we ended: frames that still come on it are no fault."""
        self._gone[number] = None
        if len(self._gone) > _REMEMBERED:
            del self._gone[next(iter(self._gone))]

    def _drop_waiting(self, goal: int) -> None:
        """Give up streams whose peer does not take what is written, the largest first."""
        largest = sorted(self.streams.values(), key=lambda stream: len(stream.pending))
        while self.out.share.held > goal and largest:
            self._give_up(largest.pop())

    def _give_up(self, stream: S) -> None:
        """End a stream that holds too much."""

    def _drop(self, stream: S) -> None:
        """Remove a stream."""
        self.streams.pop(stream.id, None)
        self.out.forget(stream)

    # headers

    def _header_frame(self, flags: int, stream: int, payload: bytes) -> None:
        if not stream:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "HEADERS on stream 0")
        if flags & _PLAIN == frames.END_HEADERS:
            self._headers(stream, payload, end=bool(flags & frames.END_STREAM))
            return
        if flags & frames.PRIORITIZED:
            start = 1 if flags & frames.PADDED else 0
            depends = payload[start : start + 4]
            if len(depends) == 4 and frames.LONG.unpack(depends)[0] & frames.MOST_STREAM == stream:
                raise ConnectionFault(Reason.PROTOCOL_ERROR, "a stream depends on itself")
        block = frames.unpadded(flags, payload) if flags & (frames.PADDED | frames.PRIORITIZED) else payload
        if flags & frames.END_HEADERS:
            self._headers(stream, block, end=bool(flags & frames.END_STREAM))
            return
        self._block, self._block_of, self._blocks = block, (stream, bool(flags & frames.END_STREAM)), 0

    def _continuation(self, flags: int, stream: int, payload: bytes) -> None:
        if self._block_of is None:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "CONTINUATION without HEADERS")
        self._block += payload
        self._blocks += 1
        if len(payload) < SMALL:
            self._control()
        if self._blocks > self.limits.continuations or len(self._block) > self.limits.block_bytes:
            raise ConnectionFault(Reason.ENHANCE_YOUR_CALM, "a header block without end")
        if flags & frames.END_HEADERS:
            block, (_, end) = self._block, self._block_of
            self._block, self._block_of = b"", None
            self._headers(stream, block, end=end)

    # windows, our side

    def _too_much(self) -> None:
        raise ConnectionFault(Reason.FLOW_CONTROL_ERROR, "more DATA than the connection's window")

    def _more_room(self, stream: S) -> None:
        """Enlarge the window of a stream that has used it up, or half of one smaller than a message may be."""
        if stream.room < 0:
            raise StreamFault(stream.id, Reason.FLOW_CONTROL_ERROR, "more DATA than the stream's window")
        self.write(frames.credit(stream.id, self.own_window - stream.room))
        stream.room = self.own_window

    def consumed(self, size: int) -> None:
        """Count bytes of DATA that we hold no longer: the peer may send as many again."""
        self._owed += size
        if self._owed >= _OWED and self.over is None:
            self.write(frames.credit(0, self._owed))
            self._room += self._owed
            self._owed = 0

    def _window_update(self, flags: int, number: int, payload: bytes) -> None:
        more = frames.LONG.unpack(payload)[0] & frames.MOST_STREAM
        stream = self.streams.get(number)
        self.left -= 3
        if not number:
            self.out.credit(more)
        elif stream is not None:
            self.out.credit_of(stream, more)
        elif self._is_idle(number):
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "a window update on an idle stream")

    # settings and the rest

    def _settings(self, flags: int, stream: int, payload: bytes) -> None:
        if flags & frames.ACK:
            if payload:
                raise ConnectionFault(Reason.FRAME_SIZE_ERROR, "an acknowledgement with settings")
            return
        values = frames.read_settings(payload)
        self.write(frames.frame(frames.SETTINGS, frames.ACK, 0))  # before the DATA that a larger window lets go
        self.left -= len(payload) >> 3
        self._control(len(payload) >> 7)
        for name, value in values.items():
            self._setting(name, value)
        first, self.greeted = not self.greeted, True
        self._settled(first=first)

    def _setting(self, name: int, value: int) -> None:
        if name == frames.INITIAL_WINDOW:
            if value != self.out.start and self.streams:
                self._control(len(self.streams) >> 4)  # the window of each of them changes
                self.left -= len(self.streams)
            self.out.restart(value, self.streams.values())
        elif name == frames.MAX_FRAME:
            self.out.frame = min(value, _SLACK)
        elif name == frames.MAX_STREAMS:
            self.peer_streams = value

    def _ping(self, flags: int, stream: int, payload: bytes) -> None:
        if flags & frames.ACK:
            self._ponged(payload)
        else:
            self.write(frames.frame(frames.PING, frames.ACK, 0, payload))

    def _priority(self, flags: int, stream: int, payload: bytes) -> None:
        if frames.LONG.unpack_from(payload)[0] & frames.MOST_STREAM == stream:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "a stream depends on itself")

    def _pushed(self, flags: int, stream: int, payload: bytes) -> None:
        raise ConnectionFault(Reason.PROTOCOL_ERROR, "nobody may push")

    def _reset_frame(self, flags: int, number: int, payload: bytes) -> None:
        stream = self.streams.get(number)
        if stream is None:
            if self._is_idle(number):
                raise ConnectionFault(Reason.PROTOCOL_ERROR, "a reset of an idle stream")
            self._control()
            return
        self._drop(stream)
        reason = int(frames.LONG.unpack(payload)[0])
        self._reset(stream, reason)

    def _is_idle(self, number: int) -> bool:
        """Return whether a stream was never opened."""
        return number > self._last() and number not in self._gone

    @abstractmethod
    def _own_settings(self) -> tuple[tuple[int, int], ...]:
        """Return our settings beside the window."""

    @abstractmethod
    def _last(self) -> int:
        """Return the highest stream that the client has opened."""

    def _processed(self) -> int:
        """Return the highest stream of the peer that was processed."""
        return 0

    @abstractmethod
    def _headers(self, number: int, block: bytes, *, end: bool) -> None:
        """Take a complete header block."""

    @abstractmethod
    def _data(self, flags: int, number: int, payload: bytes) -> None:
        """Take a DATA frame."""

    @abstractmethod
    def _reset(self, stream: S, reason: int) -> None:
        """Take a reset of a stream, which is dropped already."""

    @abstractmethod
    def _lost(self, stream: S, fault: ConnectionFault | StreamFault) -> None:
        """Report a stream that a fault has ended; it is dropped already."""

    @abstractmethod
    def _sent(self, stream: S) -> None:
        """Note that all waiting bytes of a stream were sent."""

    @abstractmethod
    def _ended(self, fault: ConnectionFault) -> None:
        """Report that the connection has ended."""

    def _settled(self, *, first: bool) -> None:
        """Report the peer's settings, the first or changed ones."""

    def _ponged(self, payload: bytes) -> None:
        """Take the answer to a PING of ours."""

    def _goaway(self, flags: int, stream: int, payload: bytes) -> None:
        """Take GOAWAY: the peer takes no new streams."""
