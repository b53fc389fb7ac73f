"""Sends DATA as far as the peer's windows allow (RFC 9113, section 5.2)."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from mallgen_runtime.rpc.h2 import frames
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason, StreamFault
from mallgen_runtime.rpc.h2.limits import Budget, Share

_BATCH = 65_536


class Stream:
    """The windows of a stream, and the bytes that wait for the peer's window.

    `ending` are the frames behind `pending`; without them its last DATA ends the stream, unless more will follow
    (`open`).
    """

    __slots__ = ("ending", "id", "open", "pending", "room", "sent", "window")

    def __init__(self, number: int, window: int, room: int) -> None:
        self.id = number
        self.window = window
        self.room = room
        self.pending = b""
        self.sent = 0
        self.ending = b""
        self.open = False


S = TypeVar("S", bound=Stream)


class FlowControl(Generic[S]):
    """The send window of a connection, and the streams that wait for it; `done` is called when one has sent all.

    `paused` is set while the peer does not take what was written. Waiting bytes count for its `share` of a budget.
    """

    __slots__ = ("_done", "_waiting", "_write", "frame", "paused", "share", "start", "window")

    def __init__(
        self,
        write: Callable[[bytes], None],
        budget: Budget,
        done: Callable[[S], None],
        drop: Callable[[int], None],
    ) -> None:
        self._write = write
        self.share = Share(budget, drop)
        self._done = done
        self._waiting: dict[int, S] = {}
        self.window = self.start = frames.WINDOW
        self.frame = frames.LEAST_MAX_FRAME
        self.paused = False

    def send(self, stream: S, data: bytes, ending: bytes) -> None:
        """Send what the windows allow now, and the rest when they allow it."""
        stream.pending, stream.sent, stream.ending = data, 0, ending
        self.share.add(len(data))
        self._pump(stream)

    def more(self, stream: S, data: bytes) -> None:
        """Send more on a stream that stays open."""
        before = stream.pending[stream.sent :]
        self.forget(stream)
        self.send(stream, before + data, b"")

    def forget(self, stream: S) -> None:
        """Drop the waiting bytes of a stream."""
        self._waiting.pop(stream.id, None)
        if stream.pending:
            self.share.add(-len(stream.pending))
            stream.pending = b""

    def pause(self) -> None:
        """Stop sending: the peer does not take what was written."""
        self.paused = True

    def resume(self) -> None:
        """Send again."""
        self.paused = False
        self._flush()

    def credit(self, more: int) -> None:
        """Enlarge the connection's window. Raises ConnectionFault."""
        if not more:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "a window update of nothing")
        self.window += more
        if self.window > frames.MOST_WINDOW:
            raise ConnectionFault(Reason.FLOW_CONTROL_ERROR, "the connection's window is too large")
        self._flush()

    def credit_of(self, stream: S, more: int) -> None:
        """Enlarge a stream's window. Raises StreamFault."""
        if not more:
            raise StreamFault(stream.id, Reason.PROTOCOL_ERROR, "a window update of nothing")
        stream.window += more
        if stream.window > frames.MOST_WINDOW:
            raise StreamFault(stream.id, Reason.FLOW_CONTROL_ERROR, "the stream's window is too large")
        if stream.pending:
            self._pump(stream)

    def restart(self, value: int, streams: Iterable[S]) -> None:
        """Change the initial window; open streams get the difference. Raises ConnectionFault."""
        more, self.start = value - self.start, value
        for stream in tuple(streams):
            stream.window += more
            if stream.window > frames.MOST_WINDOW:
                raise ConnectionFault(Reason.FLOW_CONTROL_ERROR, "a stream's window is too large")
            if stream.pending:
                self._pump(stream)

    def _flush(self) -> None:
        for stream in tuple(self._waiting.values()):
            if self.paused or self.window <= 0:
                return
            self._pump(stream)

    def _pump(self, stream: S) -> None:
        size = len(stream.pending)
        while stream.sent < size and not self.paused and (room := min(self.window, stream.window)) > 0:
            self._part(stream, min(stream.sent + min(room, _BATCH), size))
        if stream.sent == size:
            self.forget(stream)
            if not stream.open:
                self._done(stream)
        elif stream.window > 0:
            self._waiting[stream.id] = stream
        else:
            self._waiting.pop(stream.id, None)

    def _part(self, stream: S, stop: int) -> None:
        data, size = stream.pending, len(stream.pending)
        parts: list[bytes] = []
        for at in range(stream.sent, stop, self.frame):
            part = data[at : min(at + self.frame, stop)]
            last = at + len(part) == size and not stream.ending and not stream.open
            parts.append(frames.frame(frames.DATA, frames.END_STREAM if last else 0, stream.id, part))
        if stop == size:
            parts.append(stream.ending)
        self.window -= stop - stream.sent
        stream.window -= stop - stream.sent
        stream.sent = stop
        self._write(b"".join(parts))
