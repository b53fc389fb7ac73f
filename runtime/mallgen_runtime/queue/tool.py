"""Looking into the topics of a service by hand: `mallgen rmq tail`, `send` and `dlq` start it in its folder."""

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mallgen_runtime.process.conf import find_config, load_file
from mallgen_runtime.process.errors import ConfigError, ResourceError
from mallgen_runtime.queue import headers
from mallgen_runtime.queue.codec import decode, encode
from mallgen_runtime.queue.conf import Delivery, delivery_of
from mallgen_runtime.queue.embedded import queue_file
from mallgen_runtime.queue.errors import Poison, QueueError
from mallgen_runtime.queue.link import ConsumerLink, Outgoing, Place, Record
from mallgen_runtime.queue.opening import queue_at
from mallgen_runtime.queue.producer import key_of
from mallgen_runtime.queue.topics import Topic

WRONG, ENVIRONMENT = 1, 3
_FETCH = 0.5
_PATIENCE = 20.0  # seconds to join a group
_SETTLED = 5.0  # seconds without a record after which what was counted is taken for gone
_AT_ONCE = 500


class AskedTopic(NamedTuple):
    """A topic of a service with its settings, and the part of it that was asked for: `name`, its dead letters too."""

    topic: Topic[Any]
    delivery: Delivery
    name: str


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line; return the exit code."""
    asked = _parser().parse_args(words)
    opened: AskedTopic | None = None
    try:
        opened = _opened(asked.package, asked.f, asked.topic, asked.verb in _OF_LETTERS)
        return asyncio.run(_until_signal(_COMMANDS[asked.verb](opened, asked)))
    except ConfigError as problem:
        for line in problem.problems:
            print(f"error[config] {line}", file=sys.stderr)
        return ENVIRONMENT
    except ResourceError as problem:
        print(f"error[queue] {problem}", file=sys.stderr)
        print(f"  = help: {_way_out(opened, str(problem))}", file=sys.stderr)
        return ENVIRONMENT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _way_out(opened: AskedTopic | None, problem: str) -> str:
    where = opened.delivery.where if opened is not None else None
    if where is not None and not where.brokers and queue_file(where.file) in problem:
        return "move the file away, or name another one by File in the settings or MALLGEN_QUEUE"
    return "start the queue, or correct Brokers in the settings"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mallgen_runtime.queue.tool")
    parser.add_argument("package")
    parser.add_argument("-f", metavar="FILE", required=True)
    parser.add_argument("verb", choices=sorted(_COMMANDS))
    parser.add_argument("topic")
    parser.add_argument("--message", default="")
    parser.add_argument("--key")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--first", action="store_true")
    return parser


def _opened(package: str, path: str, name: str, letters: bool) -> AskedTopic:
    """Return a topic of a service by its name in the contract or in the settings; `letters`: its dead letters.

    Raises ConfigError.
    """
    config = load_file(importlib.import_module(f"{package}.config").Config, find_config(path, package)).config
    for topic in importlib.import_module(f"{package}.consumer").TOPICS:
        delivery = delivery_of(config, getattr(config, topic.setting), topic.name, topic.takes_batch)
        for plain in (topic.name, delivery.topic):
            if name in (plain, plain + delivery.dead_letters):
                if letters and not delivery.dead_letters:
                    raise ConfigError(f"{name} has no dead letters: DeadLetters is empty in {path}")
                end = delivery.dead_letters if letters or name != plain else ""
                return AskedTopic(topic, delivery, delivery.topic + end)
    raise ConfigError(f"{package} has no topic {name}")


async def _until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Run until the work has ended, or a signal ends it in good order."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 0


async def _tail(opened: AskedTopic, asked: argparse.Namespace) -> int:
    """Print each message as it comes, as a line of JSON; `--first` begins with the oldest one."""
    left = asked.count or None
    print(f"{opened.name} of {_queue(opened)}", file=sys.stderr, flush=True)
    async with _member(opened, f"tail-{headers.new_id()}", asked.first) as member:
        while left is None or left > 0:
            for record in await member.link.fetch(min(left or _AT_ONCE, _AT_ONCE), _FETCH):
                print(json.dumps(_shown(opened, record), ensure_ascii=False), flush=True)
                left = None if left is None else left - 1
    return 0


async def _send(opened: AskedTopic, asked: argparse.Namespace) -> int:
    """Send one message, read from JSON by the contract."""
    from google.protobuf import json_format

    text = sys.stdin.read() if asked.message == "-" else asked.message
    if what := next((what for what, word in (("key", asked.key or ""), ("message", text)) if not _is_sound(word)), ""):
        print(f"error[message] the {what} is no UTF-8", file=sys.stderr)
        print("  = help: write it in UTF-8, as the terminal does by default", file=sys.stderr)
        return WRONG
    try:
        message = json_format.Parse(text, opened.topic.message_type())
    except json_format.ParseError as problem:
        why = str(problem).partition("\n")[0].strip()
        print(f"error[message] this is no {opened.topic.message_type.__name__}: {why}", file=sys.stderr)
        fields = ", ".join(field.json_name for field in opened.topic.message_type.DESCRIPTOR.fields)
        print(f"  = help: its fields are {fields}", file=sys.stderr)
        return WRONG
    value, kind = encode(message, opened.delivery.format)
    key = key_of(message, opened.topic.key) if asked.key is None else asked.key.encode()
    told = {
        headers.MESSAGE_ID: headers.new_id(),
        headers.SCHEMA: message.DESCRIPTOR.full_name,
        headers.CONTENT_TYPE: kind,
    }
    pairs = tuple((name, text.encode()) for name, text in told.items())
    await _written(opened, [Outgoing(opened.name, key, value, pairs)])
    print(f"sent to {opened.name} of {_queue(opened)}: {told[headers.MESSAGE_ID]}", file=sys.stderr)
    return 0


def _is_sound(text: str) -> bool:
    """Return whether a word of the command line is text: other bytes are surrogates in it."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


async def _list(opened: AskedTopic, asked: argparse.Namespace) -> int:
    """Print the dead letters that nobody has replayed, as lines of JSON."""
    async with _member(opened, _replayers(opened), True) as member:
        async for record in member.waiting(asked.count):
            print(json.dumps(_shown(opened, record), ensure_ascii=False), flush=True)
        print(f"{_letters(member.seen)} in {opened.name} of {_queue(opened)}", file=sys.stderr)
    return 0


async def _replay(opened: AskedTopic, asked: argparse.Namespace) -> int:
    """Send the dead letters to their topic again, each once: the group of the replay remembers how far it came."""
    async with _member(opened, _replayers(opened), True) as member:
        left = 0
        async for record in member.waiting(asked.count):
            if lacks := _lacks(record):
                told = headers.texts(record.headers)
                topic, partition, offset = (_plain(told.get(name, "")) for name in headers.DLQ[:3])
                print(f"{topic} {partition}/{offset} is not sent again: {lacks}", file=sys.stderr, flush=True)
                left += 1
                await member.link.commit({record.place: record.offset + 1})
                continue
            pairs = tuple(pair for pair in record.headers if pair[0].lower() not in headers.DLQ)
            await _written(opened, [Outgoing(opened.delivery.topic, record.key, record.value, pairs)])
            await member.link.commit({record.place: record.offset + 1})
        print(f"{_letters(member.seen - left)} of {opened.name} sent to {opened.delivery.topic} again", file=sys.stderr)
    return 0


_COMMANDS: dict[str, Callable[[AskedTopic, argparse.Namespace], Coroutine[Any, Any, int]]] = {
    "list": _list,
    "replay": _replay,
    "send": _send,
    "tail": _tail,
}


def _lacks(record: Record) -> str:
    """Return why a dead letter has no message, or nothing where it has one."""
    size = "" if record.value else _plain(headers.texts(record.headers).get(headers.DLQ_SIZE, ""))
    return f"the queue took the dead letter only without its {size} bytes" if size else ""


def _plain(text: str) -> str:
    """Return what a terminal may show of a text that somebody else wrote."""
    return "".join(letter for letter in text[:300] if letter.isprintable())


_OF_LETTERS = ("list", "replay")


def _letters(count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}"


def _queue(opened: AskedTopic) -> str:
    where = opened.delivery.where
    return ", ".join(where.brokers) or queue_file(where.file)


def _replayers(opened: AskedTopic) -> str:
    return f"{opened.delivery.group}.replay"


async def _written(opened: AskedTopic, messages: Sequence[Outgoing]) -> None:
    queue = queue_at(opened.delivery.where)
    await queue.create({opened.name: opened.delivery.where.partitions})
    link = queue.producer()
    await link.start()
    try:
        await link.send(messages)
    finally:
        await link.close()


class _HandReader:
    """A member of a group that reads and commits by hand."""

    def __init__(self, link: ConsumerLink) -> None:
        self.link = link
        self.seen = 0
        self.places: set[Place] = set()

    async def waiting(self, most: int) -> AsyncIterator[Record]:
        """Yield the records that wait now, `most` at most, 0: all."""
        fetched = [*await self._joined()]
        left = sum((await self.link.lag()).values())
        left = min(left, most) if most else left
        quiet = time.monotonic() + _SETTLED
        while left > 0 and time.monotonic() < quiet:
            for record in fetched[:left]:
                quiet = time.monotonic() + _SETTLED
                self.seen += 1
                yield record
            left -= len(fetched[:left])
            fetched = [*await self.link.fetch(min(left, _AT_ONCE), _FETCH)] if left else []

    async def _joined(self) -> Sequence[Record]:
        """Wait for partitions; return what was fetched with them. Raises QueueError when other members have all."""
        over = time.monotonic() + _PATIENCE
        while time.monotonic() < over:
            fetched = await self.link.fetch(_AT_ONCE, _FETCH)
            if self.places:
                return fetched
        raise QueueError("another replay reads these dead letters")


@contextlib.asynccontextmanager
async def _member(opened: AskedTopic, group: str, from_first: bool) -> AsyncIterator[_HandReader]:
    """Join a group."""
    queue = queue_at(opened.delivery.where)
    await queue.create({opened.name: opened.delivery.where.partitions})
    link = queue.consumer(group, from_first=from_first)
    member = _HandReader(link)

    async def assigned(places: Sequence[Place]) -> None:
        member.places.update(places)

    async def gone(places: Sequence[Place]) -> None:
        member.places.difference_update(places)

    await link.start([opened.name], assigned, gone, gone)
    try:
        yield member
    finally:
        await link.close()


def _shown(opened: AskedTopic, record: Record) -> dict[str, Any]:
    """Return a record as JSON shows it: its place, time, key, headers, and the message or why it cannot be read."""
    from google.protobuf import json_format

    told = dict(headers.texts(record.headers))
    found: dict[str, Any] = {
        "topic": record.place.topic,
        "partition": record.place.partition,
        "offset": record.offset,
        "written": _day(record.written),
        "key": None if record.key is None else record.key.decode("utf-8", "replace"),
        "headers": told,
    }
    try:
        if problem := record.problem or _lacks(record):
            raise Poison(problem)
        kind = told.get(headers.CONTENT_TYPE, "")
        message = decode(record.value, opened.topic.message_type, kind, opened.delivery.format)
        return {**found, "message": json_format.MessageToDict(message)}
    # Protobuf has values that JSON has not, as an Any of a type that nobody here knows.
    except (Poison, TypeError, ValueError, json_format.Error) as problem:
        return {**found, "unreadable": str(problem), "value": record.value.decode("utf-8", "backslashreplace")}


def _day(seconds: float) -> str:
    """Return a time of a message, which its sender may have made up."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"unreadable: {seconds:.15g} s"


if __name__ == "__main__":
    sys.exit(main())
