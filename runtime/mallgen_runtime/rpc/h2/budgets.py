"""Bounds the memory that a server holds for its callers: the connection that holds most gives up first. No I/O."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2.call import ServerCall
from mallgen_runtime.rpc.h2.connection import WHOLE, ConnectionBase
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason
from mallgen_runtime.rpc.h2.headers import RequestHeaders, RequestReader
from mallgen_runtime.rpc.h2.hpack import Decoder
from mallgen_runtime.rpc.h2.limits import Budget, Limits, Share

_TOO_MANY = RpcError(Code.RESOURCE_EXHAUSTED, "the server holds too many requests that are not complete")
_TOO_BUSY = RpcError(Code.RESOURCE_EXHAUSTED, "the server holds too many requests that are not answered yet")
_CALL, _FIELD = 1024, 128  # bytes of overhead of a call and of one of its fields
_CANCELLED = 35  # microseconds, for a task and what it waits for


class ServerBudget(Budget):
    """Bytes of incomplete requests of a process; beyond the limit the largest of the greediest connection are failed.

    `running` are the bytes of requests that are being answered, `unread` those received and not processed yet.
    """

    __slots__ = ("running", "unread")

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.running = Budget(4 * most)
        self.unread = Budget(most)


def cost_of(request: RequestHeaders, size: int) -> int:
    """Return the bytes of memory for a head whose block has `size` bytes."""
    return _CALL + 2 * size + _FIELD * len(request.metadata)


class BudgetedConnection(ConnectionBase[ServerCall]):
    """The part of a server's connection that counts memory."""

    stops_when_paused = True

    def __init__(self, write: Callable[[bytes], None], limits: Limits, kept: ServerBudget, waiting: Budget) -> None:
        super().__init__(write, limits, waiting)
        self._coming = Share(kept, partial(self._shed, _TOO_MANY, whole=False))
        self._running = Share(kept.running, partial(self._shed, _TOO_BUSY, whole=True))
        self._unread = Share(kept.unread, self._too_far_behind)
        self._heads = RequestReader(Decoder(limits.head_bytes, limits.head_fields))
        self._left_over: list[ServerCall] = []

    @property
    def held(self) -> int:
        """Return the bytes of requests that are not complete."""
        return self._coming.held

    def receive(self, data: bytes, share: int = WHOLE) -> None:
        """Take received bytes; count those that are left."""
        super().receive(data, share)
        self._count_unread()

    def work(self, share: int) -> int:
        """Go on with what is left and count the rest. After the end of the connection its calls are what is left."""
        if self.over is not None:
            return self._end_calls(share)
        found = super().work(share)
        self._count_unread()
        return found

    @abstractmethod
    def fail(self, call: ServerCall, problem: RpcError) -> None:
        """Answer with an error; the rest of the request is not read."""

    @abstractmethod
    def abort(self, call: ServerCall, reason: Reason) -> None:
        """End a call without an answer, or in the middle of one."""

    def _keep(self, call: ServerCall, body: bytes) -> None:
        call.held += body
        call.hold(len(body))

    def _release(self, call: ServerCall, size: int) -> None:
        call.hold(-size)
        self.consumed(size)

    def _let_go(self, call: ServerCall) -> bytes:
        """Release and return what was held of a request."""
        if not call.held:
            return b""
        self._release(call, len(call.held))
        found = bytes(call.held)
        call.held = bytearray()
        return found

    def _begin(self, call: ServerCall, message: bytes) -> None:
        """Count a complete request among those that are being answered."""
        self._coming.add(-call.cost)
        call.cost += len(message)
        call.share = self._running
        self._running.add(call.cost)

    def _charge(self, size: int) -> None:
        """Charge the work to unpack a message, to read it and to begin with the answer."""
        self.left -= 40 + (size >> 9)

    def _drop(self, stream: ServerCall) -> None:
        super()._drop(stream)
        self._let_go(stream)
        stream.hold(-stream.cost)

    @abstractmethod
    def _closed(self, call: ServerCall) -> None:
        """Note that a call has ended: it was answered, or its caller has left."""

    def _end_streams(self, fault: ConnectionFault) -> None:
        """Leave the calls for `work`: ending a thousand of them takes a while, so it is done in shares."""
        self._left_over, self.streams = list(self.streams.values()), {}
        self._unread.leave()
        self.behind = True

    def _end_calls(self, share: int) -> int:
        self.left = before = min(self.left + share, share)
        while self._left_over and self.left > 0:
            call = self._left_over.pop()
            self.left -= 5 if call.task is None else _CANCELLED
            self._drop(call)
            self._closed(call)
        if not self._left_over and self.behind:
            self.behind = False
            self._leave_shares()
        return before - self.left

    def _drop_waiting(self, goal: int) -> None:
        if self.over is None:
            super()._drop_waiting(goal)
        else:
            self._end_calls(WHOLE)

    def _shed(self, problem: RpcError, goal: int, *, whole: bool) -> None:
        """Fail the calls that hold most, until at most `goal` bytes are held."""
        if self.over is not None:
            self._end_calls(WHOLE)
            return
        share = self._running if whole else self._coming
        largest = sorted((call for call in self.streams.values() if call.share is share), key=lambda call: call.cost)
        while share.held > goal and largest:
            self.fail(largest.pop(), problem)

    def _give_up(self, stream: ServerCall) -> None:
        self.abort(stream, Reason.ENHANCE_YOUR_CALM)

    def _too_far_behind(self, goal: int) -> None:
        self.fault(ConnectionFault(Reason.ENHANCE_YOUR_CALM, "the server has too much to read"))

    def _count_unread(self) -> None:
        more = self.unread + self._heads.kept - self._unread.held
        if more and self.over is None:
            self._unread.add(more)
            self._unread.check()

    def _leave_shares(self) -> None:
        for share in (self._coming, self._running, self.out.share):
            share.leave()
