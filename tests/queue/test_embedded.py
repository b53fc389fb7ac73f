"""The queue embedded in SQLite, below the guarantees that it shares with others."""

import asyncio
import itertools
import os
import sqlite3
import threading
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.queue import sqlite_log
from mallgen_runtime.queue.conf import Where
from mallgen_runtime.queue.embedded import EmbeddedConsumer, EmbeddedQueue, queue_file
from mallgen_runtime.queue.errors import NotOurs, QueueError
from mallgen_runtime.queue.link import Outgoing, Place, Record
from mallgen_runtime.queue.sqlite_log import SqliteLog
from tests.queue.kit import send
from tests.queue.messages import OrderRequest


async def nothing(places: Sequence[Place]) -> None:
    pass


def queue_in(folder: Path, **more: Any) -> EmbeddedQueue:
    return EmbeddedQueue(Where(file=str(folder / "queue.db"), **more))


async def joined(queue: EmbeddedQueue, group: str = "g", *, from_first: bool = True) -> EmbeddedConsumer:
    link = queue.consumer(group, from_first=from_first)
    await link.start(["t"], nothing, nothing, nothing)
    return link


async def written(queue: EmbeddedQueue, *values: bytes, key: bytes | None = b"k") -> None:
    link = queue.producer()
    await link.start()
    await link.send([Outgoing("t", key, value) for value in values])
    await link.close()


def test_the_commit_of_an_old_generation_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        queue = queue_in(tmp_path, partitions=1)
        await written(queue, b"1", b"2")
        old = await joined(queue)
        assert len(await old.fetch(10, 1)) == 2
        assert old._heart is not None
        old._heart.stop()
        await queue.run(old._group.leave)  # as another member does when the lease is over
        new = await joined(queue)
        await new.commit({Place("t", 0): 1})
        with pytest.raises(NotOurs):
            await old.commit({Place("t", 0): 2})
        assert await new.lag() == {Place("t", 0): 1}
        await new.close()
        await old.close()

    asyncio.run(main())


def test_groups_go_their_own_ways_and_begin_where_they_are_told(tmp_path: Path) -> None:
    async def main() -> None:
        queue = queue_in(tmp_path)
        await written(queue, b"1", b"2")
        links = [await joined(queue, "a"), await joined(queue, "b"), await joined(queue, "c", from_first=False)]
        assert [len(await link.fetch(10, 0.1)) for link in links] == [2, 2, 0]
        await written(queue, b"3")
        assert [[one.value for one in await link.fetch(10, 1)] for link in links] == [[b"3"]] * 3
        for link in links:
            await link.close()
        late = await joined(queue, "c", from_first=False)
        assert [one.value for one in await late.fetch(10, 1)] == [b"3"], "its place was forgotten"
        await late.close()

    asyncio.run(main())


def test_each_member_has_its_share_of_the_partitions(tmp_path: Path) -> None:
    async def main() -> None:
        queue = queue_in(tmp_path, partitions=8)
        links = [await joined(queue) for _ in range(3)]
        for _ in range(3):
            for link in links:
                await link.fetch(1, 0.1)
        assert sorted(len(link._seats) for link in links) == [2, 3, 3]
        assert len({place for link in links for place in link._seats}) == 8
        for link in links:
            await link.close()

    asyncio.run(main())


def test_a_message_wakes_its_reader_at_once(tmp_path: Path) -> None:
    async def main() -> list[float]:
        queue, other = queue_in(tmp_path), queue_in(tmp_path)  # two files as two processes have them
        link = await joined(queue)
        await link.fetch(1, 0.01)
        taken = []
        for number in range(20):
            waiting = asyncio.create_task(link.fetch(1, 5))
            await asyncio.sleep(0.02)
            began = time.perf_counter()
            await written(other, b"%d" % number)
            assert len(await waiting) == 1
            taken.append(time.perf_counter() - began)
        await link.close()
        return sorted(taken)

    taken = asyncio.run(main())
    assert taken[10] < 0.1, f"half of the messages took longer than {taken[10]:.3f} s"


@pytest.mark.slow
def test_a_reader_that_waits_does_nothing(tmp_path: Path) -> None:
    async def main() -> float:
        link = await joined(queue_in(tmp_path))
        await link.fetch(1, 0.1)
        began = time.process_time()
        await link.fetch(1, 3)
        spent = time.process_time() - began
        await link.close()
        return spent

    assert asyncio.run(main()) < 0.15, "5 % of a processor"


def test_what_is_too_old_or_too_much_is_deleted(tmp_path: Path) -> None:
    log = SqliteLog(str(tmp_path / "queue.db"), 0, 10_000)
    for _ in range(100):
        log.append([Outgoing("t", b"k", bytes(1000))], 1)
    (place,) = log.places("t")
    found = log.fetch({place: 0}, 1000, 1 << 20)
    assert 8 <= len(found) <= 10 and found[-1].offset == 99
    assert log.reading("SELECT bytes <= 10000, first FROM places") == [(1, found[0].offset)]
    log.close()
    old = SqliteLog(str(tmp_path / "queue.db"), 0.001, 0)
    time.sleep(0.01)
    old.append([Outgoing("t", b"k", b"new")], 1)
    assert [one.value for one in old.fetch({place: 0}, 1000, 1 << 20)] == [b"new"]
    old.close()


def test_a_message_is_not_too_old_because_it_waited_for_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    clock = SimpleNamespace(time=lambda: next(ticks) / 100, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(sqlite_log, "time", clock)
    log = SqliteLog(str(tmp_path / "queue.db"), 0.001, 0)
    log.append([Outgoing("t", b"k", b"new")], 1)
    assert log.reading("SELECT first, next FROM places") == [(0, 1)]
    log.close()


def test_a_file_that_another_process_makes_is_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "queue.db")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, other.execute, ("COMMIT",)).start()
    log = SqliteLog(path, 0, 0)
    log.append([Outgoing("t", b"k", b"1")], 1)
    assert log.reading("PRAGMA journal_mode") == [("wal",)]
    log.close()
    other.close()


def test_a_reader_behind_what_was_deleted_goes_on_with_the_rest(tmp_path: Path) -> None:
    async def main() -> list[Record]:
        queue = queue_in(tmp_path, partitions=1, retention_bytes=5000)
        link = await joined(queue)
        for _ in range(20):
            await written(queue, bytes(1000))
        found = list(await link.fetch(100, 1))
        await link.close()
        return found

    found = asyncio.run(main())
    assert found[0].offset > 0 and found[-1].offset == 19


def test_a_fetch_is_bounded_in_records_and_bytes(tmp_path: Path) -> None:
    log = SqliteLog(str(tmp_path / "queue.db"), 0, 0)
    log.append([Outgoing("t", str(number).encode(), bytes(1000)) for number in range(100)], 4)
    positions = dict.fromkeys(log.places("t"), 0)
    assert len(log.fetch(positions, 10, 1 << 20)) == 10
    assert {one.place.partition for one in log.fetch(positions, 40, 1 << 20)} == {0, 1, 2, 3}
    assert len(log.fetch(positions, 100, 3500)) == 3
    assert len(log.fetch(positions, 100, 1)) == 1, "one that is larger than all would never come"
    log.close()


def test_a_fetch_reads_no_more_than_it_returns(tmp_path: Path) -> None:
    log = SqliteLog(str(tmp_path / "queue.db"), 0, 0)
    for _ in range(30):
        log.append([Outgoing("t", b"k", bytes(1 << 20))], 1)
    (place,) = log.places("t")
    tracemalloc.start()
    found = log.fetch({place: 0}, 72, 1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 1
    assert peak < 4 << 20, f"{peak >> 20} MB for one message of 1 MB"
    log.append([Outgoing("t", b"k", b"last")], 1)  # nothing reads on, which would keep the file from shrinking
    assert log.reading("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0
    log.close()


def test_headers_count_as_what_they_take_in_memory(tmp_path: Path) -> None:
    log = SqliteLog(str(tmp_path / "queue.db"), 0, 0)
    headers = tuple((f"{number:x}", b"") for number in range(2000))
    log.append([Outgoing("t", b"k", b"1", headers) for _ in range(20)], 1)
    assert len(log.fetch(dict.fromkeys(log.places("t"), 0), 100, 1 << 20)) <= 5
    log.close()


def test_messages_are_deleted_by_the_retention_of_who_works_with_them(tmp_path: Path) -> None:
    """A service with another one leaves topics alone that it does not write."""
    path = str(tmp_path / "queue.db")
    keeps = SqliteLog(path, 0, 0)
    keeps.append([Outgoing("orders", b"k", b"1"), Outgoing("mail", b"k", b"1")], 1)
    time.sleep(0.01)
    other = SqliteLog(path, 0.001, 0)
    other.append([Outgoing("mail", b"k", b"2")], 1)
    other.append([Outgoing("sms", b"k", b"1")], 1)
    time.sleep(0.01)
    ends = dict(other.reading("SELECT topic, next - first FROM places"))
    assert ends == {"orders": 1, "mail": 1, "sms": 1}
    keeps.close()
    other.close()


def test_a_group_deletes_what_is_too_old_of_its_topics(tmp_path: Path) -> None:
    async def main() -> Sequence[tuple[str, int]]:
        await written(queue_in(tmp_path, partitions=1), b"1")
        keeps = SqliteLog(str(tmp_path / "queue.db"), 0, 0)
        keeps.append([Outgoing("other", b"k", b"1")], 1)
        await asyncio.sleep(0.01)
        link = await joined(queue_in(tmp_path, partitions=1, retention=0.001))
        await link.close()
        rows = keeps.reading("SELECT topic, next - first FROM places ORDER BY topic")
        keeps.close()
        return rows

    assert asyncio.run(main()) == [("other", 1), ("t", 0)]


def test_a_clock_that_leaps_deletes_nothing_before_it_has_stayed_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process that runs, and in one that starts with the clock ahead."""
    path, week = str(tmp_path / "queue.db"), 7 * 86400.0
    leap = passed = 0.0
    clock = SimpleNamespace(
        time=lambda: time.time() + leap + passed, monotonic=lambda: time.monotonic() + passed, sleep=time.sleep
    )
    monkeypatch.setattr(sqlite_log, "time", clock)
    runs = SqliteLog(path, week, 0)
    runs.append([Outgoing("t", b"k", b"1")], 1)
    leap, passed = 2 * week, 100.0
    starts = SqliteLog(path, week, 0)
    for log in (starts, runs):
        log.append([Outgoing("t", b"k", b"2")], 1)
    assert runs.reading("SELECT first, next FROM places") == [(0, 3)]
    passed = 1000.0
    runs.append([Outgoing("t", b"k", b"3")], 1)
    assert runs.reading("SELECT first, next FROM places") == [(1, 4)]
    runs.close()
    starts.close()


def test_deleting_what_a_group_has_not_read_is_an_error_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        queue = queue_in(tmp_path, partitions=1, retention_bytes=5000)
        link = await joined(queue)
        for _ in range(4):
            await written(queue, bytes(1000))
        await link.commit({Place("t", 0): 4})
        for _ in range(4):
            await written(queue, bytes(1000))
        assert not caplog.records, "those have been read"
        for _ in range(8):
            await written(queue, bytes(1000))
        await link.close()

    asyncio.run(main())
    (line,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert line.getMessage() == "the queue deletes messages of t that the group g has not read: too many or too old"


def test_a_file_that_cannot_be_used_is_a_state(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"no database at all" * 100)

    async def main() -> str:
        queue = queue_in(tmp_path)
        with pytest.raises(QueueError, match="not a database"):
            await written(queue, b"1")
        with pytest.raises(QueueError, match="not a database"):
            await joined(queue)
        return queue.state

    assert "not a database" in asyncio.run(main())


def test_the_file_of_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLGEN_QUEUE", raising=False)
    monkeypatch.setenv("MALLGEN_DISCOVERY", f"file:{tmp_path}")
    assert queue_file("") == str(tmp_path / "queue.db")
    monkeypatch.setenv("MALLGEN_QUEUE", "/there/q.db")
    assert queue_file("") == "/there/q.db"
    assert queue_file("here.db") == "here.db"
    monkeypatch.delenv("MALLGEN_QUEUE")
    monkeypatch.setenv("MALLGEN_DISCOVERY", "etcd:x")
    with pytest.raises(ConfigError):
        queue_file("")


def test_nobody_else_can_read_the_file(tmp_path: Path) -> None:
    asyncio.run(send({"file": str(tmp_path / "sub" / "queue.db")}, "t", [1]))
    assert OrderRequest.DESCRIPTOR.full_name == "seckill.OrderRequest"
    assert os.stat(tmp_path / "sub").st_mode & 0o077 == 0
