"""Measure how long reading 1 MiB of JSON blocks the event loop, for types with markers and for wrong fields.

The figures are milliseconds of work, and the longest time for which the loop was blocked meanwhile.
"""

import asyncio
import contextlib
import time
from typing import Annotated, Any

from mallgen_runtime.http.offload import offload
from mallgen_runtime.schema import AsString, Int64, Limit, NotNull, Options, Range, Struct, UInt64, With, field
from mallgen_runtime.schema.decoding import Wrong, decode

SIZE = 1 << 20


class Item(Struct, kw_only=True):
    """A line of an order."""

    id: Int64
    kind: Annotated[str, Options("a", "b")]
    n: UInt64


class Text(Struct, kw_only=True):
    """A number that is quoted."""

    n: Annotated[Int64, AsString()]


class Tree(Struct, kw_only=True):
    """A class with a list of its own instances."""

    a: Annotated[Int64, Limit(0, 9)] = 0
    b: Annotated[int, Range(0, 5)] = 0
    items: "list[Tree]" = field(default_factory=list)


class Pair(Struct, kw_only=True):
    """Two fields that a text must have both or neither of."""

    a: Annotated[str, With("b")] = ""
    b: str = ""


class Whole(Struct, kw_only=True):
    """A class with a list of each other class, and of base types."""

    items: list[Item] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    numbers: list[UInt64] = field(default_factory=list)
    words: Annotated[list[str], Options("a", "b")] = field(default_factory=list)
    by_name: dict[str, UInt64] = field(default_factory=dict)
    some: Annotated[Tree | None, NotNull()] = field(default_factory=Tree)
    any: Any = None


class Plain(Struct, kw_only=True):
    """A class without markers."""

    items: list["Plain"] = field(default_factory=list)
    n: int = 0
    words: list[str] = field(default_factory=list)
    any: Any = None


def filled(key: str, one: str, last: str = "") -> bytes:
    """Return a JSON object of about SIZE bytes whose list `key` has the item `one` many times, then `last`."""
    count = (SIZE - 40) // (len(one) + 1)
    return f'{{"{key}":[{",".join([one] * count + [last or one])}]}}'.encode()


BODIES: dict[str, tuple[Any, bytes]] = {
    "items": (Whole, filled("items", '{"id":1,"kind":"a","n":1}')),
    "items, one wrong": (Whole, filled("items", '{"id":1,"kind":"a","n":1}', '{"id":""}')),
    "texts": (Whole, filled("texts", '{"n":"1"}')),
    "numbers for texts": (Whole, filled("texts", '{"n":1}')),
    "small trees": (Whole, filled("trees", '{"a":1}')),
    "trees with null": (Whole, filled("trees", '{"a":null}')),
    "small pairs": (Whole, filled("pairs", '{"c":1}')),
    "small numbers": (Whole, filled("numbers", "1")),
    "small numbers, one wrong": (Whole, filled("numbers", "1", "-1")),
    "options": (Whole, filled("words", '"a"')),
    "options, one wrong": (Whole, filled("words", '"a"', '"c"')),
    "plain": (Plain, filled("items", '{"n":1}')),
    "plain, one wrong": (Plain, filled("items", '{"n":1}', '{"n":""}')),
    "only empty objects": (Plain, filled("items", "{}")),
    "plain with null": (Plain, filled("items", '{"n":null}')),
    "words, one wrong": (Plain, filled("words", '""', "1")),
    "lists in any": (Plain, filled("any", "[]")),
    "lists in any, one wrong": (Plain, filled("any", "[]", "[],{}")[:-1] + b',"n":""}'),
    "long numbers": (Plain, filled("any", "9" * 4000)),
    "all wrong": (Whole, filled("items", "1")),
    "nested": (Whole, b'{"trees":' + b'[{"items":' * (SIZE // 10)),
    "escapes": (Plain, filled("words", '"' + "\\u0041" * 1000 + '"')),
}


async def longest_stop(work: Any) -> tuple[float, float]:
    """Return the seconds of work, and the longest time in seconds for which it blocked the loop."""
    stops: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            stops.append(time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    stops.clear()
    started = time.perf_counter()
    await work()
    spent = time.perf_counter() - started
    ticking.cancel()
    return spent, max(stops, default=spent)


async def main() -> None:
    """Print the table."""
    for name, (kind, body) in BODIES.items():

        async def read(kind: Any = kind, body: bytes = body) -> None:
            with contextlib.suppress(Wrong):
                await offload(len(body), decode, body, kind)

        spent, stop = await longest_stop(read)
        print(f"{name:28} {len(body):8} B  {1000 * spent:7.1f} ms  {1000 * stop:7.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
