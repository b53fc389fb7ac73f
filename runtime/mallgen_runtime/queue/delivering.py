"""Work on records: attempts, back-off, dead letters."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from mallgen_runtime.process.errors import Code, ResourceError
from mallgen_runtime.process.watch import died
from mallgen_runtime.queue import headers
from mallgen_runtime.queue.app import BoundTopic, Outcome, QueueApp
from mallgen_runtime.queue.codec import decode
from mallgen_runtime.queue.dead_letters import DeadLetters, bare_letter_of, letter_of
from mallgen_runtime.queue.errors import Poison, RefusedMessage
from mallgen_runtime.queue.link import Record
from mallgen_runtime.queue.partitions import Lane, Partition
from mallgen_runtime.queue.topics import MessageContext

_LOG = logging.getLogger("mallgen.service")
_CUT = 1.0  # seconds that logic has to end after it was cancelled


class Delivering:
    """Works on the records of one member's partitions; `done` is called after each, `stub` when logic is missing."""

    def __init__(
        self,
        app: QueueApp[Any],
        letters: DeadLetters,
        done: Callable[[Partition], None],
        stub: Callable[[BoundTopic], None],
    ) -> None:
        self._app = app
        self._letters = letters
        self._done = done
        self._stub = stub
        self._slots = {name: asyncio.Semaphore(bound.delivery.processors) for name, bound in app.bound.items()}
        self.stubs: set[str] = set()
        self.outages: dict[str, str] = {}
        self.problem = ""

    def begin(self, part: Partition, record: Record) -> None:
        """Work on a record as soon as those before it in its lane are done."""
        lane, is_new = part.take(record)
        if is_new:
            work = self._batches if part.bound.topic.takes_batch else self._singles
            task = asyncio.create_task(work(part, lane), name=f"work on {part.place.topic}")
            part.tasks[task] = lane
            task.add_done_callback(part.tasks.pop)
            task.add_done_callback(_ended)

    async def drain(self, parts: Sequence[Partition], patience: float | None) -> None:
        """Let logic that runs come to its end, drop what waits; after `patience` seconds cancel what still runs."""
        for part in parts:
            for task in part.close():
                task.cancel()
        running = {task for part in parts for task in part.tasks}
        if running:
            _, late = await asyncio.wait(running, timeout=patience)
            cut = sum(task in part.busy for part in parts for task in late)
            if cut:
                _LOG.warning("%d messages were cut off: they took longer than there was time to finish", cut)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_CUT)

    async def _singles(self, part: Partition, lane: Lane) -> None:
        while lane.records:
            record = lane.records[0]
            if part.is_over(record.offset) or not await self._deliver(part, (record,), part.bound.delivery.retries):
                return
            lane.records.popleft()
            if not lane.records:
                part.end(lane, record)
            part.done(record)
            self._done(part)

    async def _batches(self, part: Partition, lane: Lane) -> None:
        delivery = part.bound.delivery
        while lane.records:
            await self._gather(part, lane)
            records = tuple(lane.records)[: delivery.batch_size]
            if part.is_over(records[0].offset) or not await self._deliver(part, records, delivery.retries):
                return
            for record in records:
                lane.records.popleft()
                part.done(record)
            if not lane.records:
                part.end(lane, records[0])
            self._done(part)

    async def _gather(self, part: Partition, lane: Lane) -> None:
        """Wait until a batch is full, its time is over, or no more is fetched until some of it is done."""
        size, over = part.bound.delivery.batch_size, time.monotonic() + part.bound.delivery.batch_time
        while len(lane.records) < size and not part.is_full and (left := over - time.monotonic()) > 0:
            lane.more.clear()
            try:
                async with asyncio.timeout(left):
                    await lane.more.wait()
            except TimeoutError:
                return

    async def _deliver(self, part: Partition, records: Sequence[Record], retries: int) -> bool:
        """Work on records until they need no more work; return False when they were not finished."""
        good: list[tuple[Record, Any]] = []
        for record in records:
            try:
                good.append((record, self._decoded(part.bound, record)))
            except Poison as problem:
                self._app.note(part.bound, _context(record), Code.INVALID_ARGUMENT, 0.0)
                if not await self._bury(part, record, Outcome(Code.INVALID_ARGUMENT, problem), 1):
                    return False
        if not good:
            return True
        attempts, outcome = await self._tried(part, good, retries)
        if outcome is None:
            return False
        if outcome.code is Code.OK or part.bound.delivery.force_commit:
            return True
        if len(good) > 1:  # one of them may be to blame for all
            return await self._each(part, good)
        return await self._bury(part, good[0][0], outcome, attempts)

    async def _each(self, part: Partition, good: Sequence[tuple[Record, Any]]) -> bool:
        """Work on the messages of a batch one by one, and bury those that fail."""
        for record, _ in good:
            if not await self._deliver(part, (record,), 0):
                return False
        return True

    async def _tried(
        self, part: Partition, good: Sequence[tuple[Record, Any]], retries: int
    ) -> tuple[int, Outcome | None]:
        """Try until it succeeds or is given up; return the attempts and the outcome, None: not finished."""
        delivery, attempts, failed, down = part.bound.delivery, 0, 0, 0.0
        contexts = [_context(record) for record, _ in good]
        messages = [message for _, message in good]
        while True:
            attempts += 1
            outcome = await self._attempt(part, contexts, messages, attempts)
            if outcome is None or outcome.code is Code.OK or delivery.force_commit:
                return attempts, outcome
            if outcome.is_outage and delivery.outage:
                down = down or time.monotonic()
                self.outages[part.place.topic] = f"tries again: {outcome.problem}"
            else:
                failed, down = failed + 1, 0.0
            if failed > retries or (down and time.monotonic() - down >= delivery.outage):
                self.outages.pop(part.place.topic, None)
                return attempts, outcome
            part.bound.retried(1)
            longest = min(delivery.max_backoff, delivery.backoff * 2.0 ** min(attempts - 1, 30))
            if not await self._waited(part, random.uniform(0, longest)):  # noqa: S311 - no secret
                self.outages.pop(part.place.topic, None)
                return attempts, None

    async def _attempt(
        self, part: Partition, contexts: Sequence[MessageContext], messages: Sequence[Any], attempt: int
    ) -> Outcome | None:
        """Run the logic once, when a processor is free; return None when the partition is given up or has no logic."""
        bound, topic = part.bound, part.place.topic
        async with self._slots[topic]:
            if part.is_over(contexts[0].offset):
                return None
            if topic not in self.stubs:
                for ctx in contexts:
                    ctx.attempt = attempt
                contexts[0].batch = tuple(contexts) if bound.topic.takes_batch else ()
                with _Busy(part):
                    outcome = await self._app.handle(
                        bound, contexts[0], list(messages) if bound.topic.takes_batch else messages[0]
                    )
                if not outcome.is_outage:
                    self.outages.pop(topic, None)
                if not outcome.is_stub:
                    return outcome
                self._miss(bound)
        await part.closing.wait()
        return None

    def _miss(self, bound: BoundTopic) -> None:
        """Say once that a topic has no logic; its messages wait."""
        name = bound.delivery.topic
        if name not in self.stubs:
            self.stubs.add(name)
            where = f", {bound.topic.contract}" if bound.topic.contract else ""
            _LOG.error(
                "the logic of %s is not written (%s%s): its messages wait until the service is started again",
                name, bound.topic.setting or bound.topic.name, where,
            )  # fmt: skip
            self._stub(bound)

    async def _bury(self, part: Partition, record: Record, outcome: Outcome, attempts: int) -> bool:
        """Write a message to the topic for dead letters, for as long as it takes; return False when given up."""
        bound, delay = part.bound, part.bound.delivery.backoff
        if bound.delivery.force_commit or not bound.delivery.dead_letters:
            _LOG.error("%s %d/%d is left: %s", *_place(record), outcome.problem)
            return True
        why = (record, bound.delivery.dead_letters, outcome.problem, attempts)
        letter, is_whole = letter_of(*why), True
        while not part.is_over(record.offset):
            try:
                with _Busy(part):
                    await self._letters.write(letter)
            except RefusedMessage as problem:
                if is_whole:
                    letter, is_whole = bare_letter_of(*why), False
                    continue
                self.problem = ""
                _LOG.error("%s %d/%d is left, %s: %s", *_place(record), outcome.problem, problem)
                return True
            except ResourceError as problem:
                self.problem = f"dead letters cannot be written: {problem}"
                if not await self._waited(part, random.uniform(delay / 2, delay)):  # noqa: S311 - no secret
                    return False
                delay = min(delay * 2, bound.delivery.max_backoff)
                continue
            self.problem = ""
            bound.dead(1)
            into = letter.topic if is_whole else f"{letter.topic} without its {len(record.value)} bytes"
            _LOG.error("%s %d/%d went to %s: %s", *_place(record), into, outcome.problem)
            return True
        return False

    async def _waited(self, part: Partition, seconds: float) -> bool:
        """Wait; return False as soon as the partition is given up."""
        try:
            async with asyncio.timeout(seconds):
                await part.closing.wait()
        except TimeoutError:
            return True
        return False

    def _decoded(self, bound: BoundTopic, record: Record) -> Any:
        """Return a record's message. Raises Poison."""
        if record.problem:
            raise Poison(record.problem)
        kind = headers.texts(record.headers).get(headers.CONTENT_TYPE, "")
        return decode(record.value, bound.topic.message_type, kind, bound.delivery.format)


def _ended(task: "asyncio.Task[None]") -> None:
    """End the process when a task has failed by our own fault: its partition would stand still for ever."""
    if not task.cancelled() and task.exception() is not None:
        died(task.get_name(), task.exception())


class _Busy:
    """Around what a drain waits for."""

    __slots__ = ("_part", "_task")

    def __init__(self, part: Partition) -> None:
        self._part = part
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
        if self._task is not None:
            self._part.busy.add(self._task)

    def __exit__(self, *problem: object) -> None:
        if self._task is not None:
            self._part.busy.discard(self._task)


def _context(record: Record) -> MessageContext:
    return MessageContext(
        record.place.topic,
        record.place.partition,
        record.offset,
        key=record.key,
        pairs=record.headers,
        written=record.written,
    )


def _place(record: Record) -> tuple[str, int, int]:
    return (record.place.topic, record.place.partition, record.offset)
