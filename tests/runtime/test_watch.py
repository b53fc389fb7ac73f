"""A part of a process that ends by itself is noticed at once; one that its owner ends is not."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen_runtime.discovery.folder import FolderResolver
from mallgen_runtime.process import watch


@pytest.fixture
def ended_parts() -> Iterator[list[str]]:
    """Return a list that gets the parts which have ended, each time that the process is notified."""
    found: list[str] = []
    watch.take(lambda: found.append(",".join(watch.states())))
    yield found
    watch.take(None)


async def ends() -> None:
    await asyncio.sleep(0)


async def fails() -> None:
    raise ValueError("no")


async def is_cancelled_by_itself() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("work", [ends, fails, is_cancelled_by_itself])
def test_a_part_that_ends(work: object, ended_parts: list[str], caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        watch.keep(work(), "a part")  # type: ignore[operator]
        await asyncio.sleep(0.01)

    with caplog.at_level(logging.CRITICAL):
        asyncio.run(main())
    assert ended_parts == ["a part"]
    assert watch.lost()
    assert "a part has ended and must not" in caplog.text


def test_a_part_that_its_owner_ends(ended_parts: list[str]) -> None:
    async def main() -> None:
        task = watch.keep(asyncio.sleep(100), "a part")
        await asyncio.sleep(0)
        task.cancel()
        released = watch.keep(ends(), "another")
        watch.release(released)
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert not ended_parts
    assert not watch.lost()


def test_a_resolver_that_fails_is_a_part(
    ended_parts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALLGEN_DISCOVERY", f"file:{tmp_path}")

    async def main() -> None:
        resolver = FolderResolver("a.rpc")
        await resolver.start(lambda: None)
        monkeypatch.setattr(resolver, "_look", lambda: 1 / 0)
        await asyncio.sleep(0.3)
        await resolver.close()

    asyncio.run(main())
    assert ended_parts == ["find a.rpc"]
