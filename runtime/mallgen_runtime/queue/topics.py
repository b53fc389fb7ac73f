"""The table of a queue service: its topics, and what their logic gets beside a message."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from mallgen_runtime.process.threads import in_thread
from mallgen_runtime.process.tracing import ids_of, sound_state
from mallgen_runtime.queue import headers
from mallgen_runtime.queue.link import Headers

S = TypeVar("S")
M = TypeVar("M")
P = ParamSpec("P")
T = TypeVar("T")
_ID = re.compile("[!-~]{1,128}")  # it goes into every line of a message's log


class Address(NamedTuple):
    """A topic as its producers know it: `schema` is the message's full name in the proto, `key` the field of it that is
    the partition key ("": none)."""

    topic: str
    schema: str
    key: str = ""


class MessageContext:
    """A message on its way to the logic; of a batch topic the first one, and `batch` has those of all messages.

    `partition` and `offset` say where it stands in its topic, `key` is its partition key, `attempt` counts from 1.
    `message_id` is the sender's if that is up to 128 printable ASCII characters, else made of the place. `deadline` is
    the monotonic time by which the logic must have returned, None when there is no limit. `headers` are texts by
    lower-case name, `pairs` all of them as they came.
    """

    __slots__ = (
        "attempt",
        "batch",
        "deadline",
        "headers",
        "key",
        "message_id",
        "offset",
        "pairs",
        "partition",
        "request_id",
        "schema",
        "topic",
        "trace_flags",
        "trace_id",
        "trace_state",
        "written",
    )

    def __init__(
        self,
        topic: str,
        partition: int = 0,
        offset: int = 0,
        *,
        key: bytes | None = None,
        pairs: Headers = (),
        written: float | None = None,
        attempt: int = 1,
        deadline: float | None = None,
    ) -> None:
        found: Mapping[str, str] = headers.texts(pairs)
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.key = None if key is None else key.decode("utf-8", "replace")
        self.pairs = pairs
        self.headers = found
        self.written = time.time() if written is None else written
        self.attempt = attempt
        self.deadline = deadline
        sent = found.get(headers.MESSAGE_ID, "")
        self.message_id = sent if _ID.fullmatch(sent) else f"{topic}/{partition}/{offset}"
        self.schema = found.get(headers.SCHEMA, "")
        ids = ids_of(found.get(headers.TRACEPARENT, ""), found.get(headers.REQUEST_ID, ""))
        self.request_id, self.trace_id, self.trace_flags = ids
        self.trace_state = sound_state(found.get(headers.TRACESTATE, "").encode("ascii", "replace"))
        self.batch: tuple[MessageContext, ...] = ()

    async def thread(self, work: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """Run blocking code in one of 32 threads. Raises ThreadsBusy (UNAVAILABLE) when too many calls wait for one.

        When the message's time is over, a function that has not begun never does; one that has runs to its end, unless
        it looks at `mallgen_runtime.process.threads.is_given_up`.
        """
        return await in_thread(work, *args, **named)

    @property
    def log(self) -> "logging.LoggerAdapter[logging.Logger]":
        """A logger whose lines carry the message's ids."""
        ids = {"request_id": self.request_id, "trace": self.trace_id, "message_id": self.message_id}
        return logging.LoggerAdapter(logging.getLogger("mallgen.service"), ids)


class Topic(Generic[S]):
    """One topic: `key` is the field of its message that is the partition key, `setting` the field of the settings.

    `endpoint` takes the context of the message, the service context and the message.
    """

    __slots__ = ("contract", "endpoint", "key", "message_type", "name", "setting")
    takes_batch = False

    def __init__(
        self,
        name: str,
        endpoint: Callable[[MessageContext, S, M], Awaitable[None]],
        message_type: type[M],
        *,
        key: str = "",
        setting: str = "",
        contract: str = "",
    ) -> None:
        self._set(name, endpoint, message_type, key, setting, contract)

    def _set(
        self, name: str, endpoint: Callable[..., Any], message_type: Any, key: str, setting: str, contract: str
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.message_type = message_type
        self.key = key
        self.setting = setting
        self.contract = contract


class BatchTopic(Topic[S]):
    """One topic whose logic gets messages as a list, by their number or the time that the first one has waited."""

    __slots__ = ()
    takes_batch = True

    def __init__(
        self,
        name: str,
        endpoint: Callable[[MessageContext, S, list[M]], Awaitable[None]],
        message_type: type[M],
        *,
        key: str = "",
        setting: str = "",
        contract: str = "",
    ) -> None:
        self._set(name, endpoint, message_type, key, setting, contract)
