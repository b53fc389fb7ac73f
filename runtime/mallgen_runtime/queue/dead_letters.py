"""Dead letters: messages that could not be worked on, in topics of their own."""

import asyncio
from hashlib import sha256

from mallgen_runtime.process.errors import ResourceError
from mallgen_runtime.queue import headers
from mallgen_runtime.queue.errors import RefusedMessage
from mallgen_runtime.queue.link import Headers, Outgoing, ProducerLink, Queue, Record
from mallgen_runtime.queue.making import MissingTopics

_LONGEST = 1000  # characters of a failure in a header
_SHORT = 200  # bytes of a key or header that is kept without the value


class DeadLetters:
    """Writes messages that could not be worked on to the topics for them, on one queue."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._link: ProducerLink | None = None
        self._opening = asyncio.Lock()
        self._topics = MissingTopics(1)

    async def write(self, message: Outgoing) -> None:
        """Write a message; return when it is acknowledged. Raises ResourceError; RefusedMessage: for good."""
        link = await self._opened()
        await self._topics.make(self._queue, message.topic)
        try:
            await link.send((message,))
        except RefusedMessage:
            raise
        except ResourceError:
            self._topics.doubt(message.topic)
            raise

    async def close(self) -> None:
        """Disconnect."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def _opened(self) -> ProducerLink:
        async with self._opening:
            if self._link is None:
                # What came compressed would not fit as it is.
                link = self._queue.producer(compressed=True)
                await link.start()
                self._link = link
            return self._link


def letter_of(record: Record, suffix: str, problem: BaseException | None, attempts: int) -> Outgoing:
    """Return the dead letter of a record: as it came, with headers that say why."""
    kept = tuple(pair for pair in record.headers if pair[0].lower() not in headers.DLQ)
    return Outgoing(record.place.topic + suffix, record.key, record.value, kept + _told(record, problem, attempts))


def bare_letter_of(record: Record, suffix: str, problem: BaseException | None, attempts: int) -> Outgoing:
    """Return the dead letter of a record without its value, for a queue that refuses the whole: its size and hash."""
    kept = tuple(pair for pair in record.headers if pair[0].lower() in headers.OURS and len(pair[1]) <= _SHORT)
    more = (
        (headers.DLQ_SIZE, str(len(record.value)).encode()),
        (headers.DLQ_SHA256, sha256(record.value).hexdigest().encode()),
    )
    key = record.key if record.key is None or len(record.key) <= _SHORT else None
    return Outgoing(record.place.topic + suffix, key, b"", kept + _told(record, problem, attempts) + more)


def _told(record: Record, problem: BaseException | None, attempts: int) -> Headers:
    told = {
        headers.DLQ_TOPIC: record.place.topic,
        headers.DLQ_PARTITION: str(record.place.partition),
        headers.DLQ_OFFSET: str(record.offset),
        headers.DLQ_WRITTEN: f"{record.written:.3f}",
        headers.DLQ_CAUSE: type(problem).__name__,
        headers.DLQ_MESSAGE: str(problem)[:_LONGEST],
        headers.DLQ_ATTEMPTS: str(attempts),
    }
    return tuple((name, text.encode("utf-8", "replace")) for name, text in told.items())
