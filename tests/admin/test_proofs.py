"""Proofs of passwords on each database: what they cost, how many there are, and who they let in."""

import asyncio
import io
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from mallgen.emit.admin.ddl import own_tables
from mallgen.tables.model import Dialect
from mallgen_runtime.admin import account_commands
from mallgen_runtime.admin.conf import AccountsConf
from mallgen_runtime.admin.devices import new_device
from mallgen_runtime.admin.passwords import Passwords
from mallgen_runtime.admin.proofs import NotProved, Proofs, Proved
from mallgen_runtime.admin.store import AccountStore
from mallgen_runtime.admin.tables import AccountRow
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.sql import Database, DataSourceConf

PASSWORD = "correct horse battery"
CONF = AccountsConf(attempts=3, lock_time="10m")


@pytest.fixture(params=["sqlite", "mariadb", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'admin.db'}"
    found: str = request.getfixturevalue(f"{request.param}_server").database()
    return found


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[AccountStore, Passwords, Database]]:
    """Open a database with the tables that the command writes, and the account ann."""
    database = Database(DataSourceConf(url=url, required=True), mode="dev")
    await database.start()
    try:
        for statement in filter(str.strip, own_tables(Dialect(database.dialect.value), "").split(";\n")):
            await database.execute(statement)
        store, passwords = AccountStore(database), Passwords(2, 10)
        passwords._made = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # what is counted costs the same
        await store.accounts.insert("ann", await passwords.hashed(PASSWORD), "editor")
        yield store, passwords, database
    finally:
        await database.close()


def asked() -> Context:
    """Return a request."""
    scope = {"type": "http", "headers": [], "client": ("192.0.2.1", 1)}
    return Context(scope, _nothing, {}, 0)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


async def ann(store: AccountStore) -> AccountRow:
    """Return the account."""
    found = await store.accounts.named("ann")
    assert found is not None
    return found


async def is_let_in(proofs: Proofs, name: str, password: str, mark: str = "") -> bool:
    """Return whether a password is accepted."""
    try:
        return isinstance(await proofs.of(asked(), name, password, mark), Proved)
    except NotProved:
        return False


def test_every_failure_costs_one_hash_and_the_same_statements(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with opened(url) as (store, passwords, database):
            proofs = Proofs(store, passwords, CONF)
            assert await is_let_in(proofs, "ann", PASSWORD)
            seen = _counted(monkeypatch, passwords, database)
            found = {}
            for what, name in (("wrong", "ann"), ("unknown", "bob"), ("none", "")):
                found[what] = await seen(partial(is_let_in, proofs, name, "x"))
            await store.accounts.change((await ann(store)).id, failed=3, failed_until=1 << 40)
            found["locked"] = await seen(lambda: is_let_in(proofs, "ann", PASSWORD))
            await store.accounts.change((await ann(store)).id, failed=0, disabled=True)
            found["disabled"] = await seen(lambda: is_let_in(proofs, "ann", PASSWORD))
            assert len(set(found.values())) == 1, found
            assert found["wrong"][0] == 1

    asyncio.run(run())


def _counted(
    monkeypatch: pytest.MonkeyPatch, passwords: Passwords, database: Database
) -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[tuple[int, tuple[str, ...]]]]:
    """Return what counts the hashes of a call, and names its statements until the password is known to be wrong."""
    hashes: list[str] = []
    statements: list[str] = []
    check = passwords._check

    def checked(hashed: str, data: bytes) -> bool:
        hashes.append(hashed)
        statements.append("hash")
        return check(hashed, data)

    monkeypatch.setattr(passwords, "_check", checked)
    for one in (database, database.primary):
        for name in ("fetch", "execute"):
            monkeypatch.setattr(one, name, _noted(getattr(one, name), statements))

    async def seen(call: Callable[[], Awaitable[bool]]) -> tuple[int, tuple[str, ...]]:
        hashes.clear()
        statements.clear()
        assert not await call()
        return len(hashes), tuple(statements[: statements.index("hash")])

    return seen


def _noted(run: Callable[..., Awaitable[Any]], statements: list[str]) -> Callable[..., Awaitable[Any]]:
    async def noted(sql: str, values: Any = ()) -> Any:
        statements.append(sql)
        return await run(sql, values)

    return noted


def test_guesses_at_the_same_time_are_no_more_than_one_after_the_other(url: str) -> None:
    async def run() -> None:
        async with opened(url) as (store, passwords, database):
            proofs = Proofs(store, passwords, CONF)
            await asyncio.gather(*(is_let_in(proofs, "ann", f"guess {number}") for number in range(12)))
            rows = await database.fetch("SELECT action FROM admin_audit ORDER BY id")
            assert len(rows) == CONF.attempts
            assert rows[-1][0] == "lock-out"
            assert not await is_let_in(proofs, "ann", PASSWORD), "locked"
            locked = await ann(store)
            assert 500 < locked.failed_until - time.time() <= 600
            await store.accounts.change(locked.id, failed_until=int(time.time()))  # ten minutes later
            assert await is_let_in(proofs, "ann", PASSWORD), "the lock ends by itself"

    asyncio.run(run())


def test_a_browser_that_was_let_in_is_not_locked_out_by_strangers(url: str) -> None:
    async def run() -> None:
        async with opened(url) as (store, passwords, _):
            proofs = Proofs(store, passwords, CONF)
            mark = new_device(await ann(store))
            for _ in range(4):
                assert not await is_let_in(proofs, "ann", "wrong")
            assert not await is_let_in(proofs, "ann", PASSWORD)
            assert not await is_let_in(proofs, "ann", PASSWORD, mark[:-1]), "no mark"
            found = await proofs.of(asked(), "ann", PASSWORD, mark)
            assert await store.accounts.let_in(found.account, found.failed)
            assert not await is_let_in(proofs, "ann", PASSWORD), "strangers got no new attempts by it"
            for _ in range(3):
                assert not await is_let_in(proofs, "ann", "wrong", mark)
            assert not await is_let_in(proofs, "ann", PASSWORD, mark), "a browser has no more attempts than others"
            await store.accounts.change((await ann(store)).id, password_hash=await passwords.hashed("another password"))
            assert not await is_let_in(Proofs(store, passwords, CONF), "ann", "another password", mark)

    asyncio.run(run())


def test_an_attempt_in_which_nothing_was_compared_does_not_count(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mallgen_runtime.admin.passwords._PATIENCE", 0.01)

    async def run() -> None:
        async with opened(url) as (store, passwords, _):
            proofs = Proofs(store, passwords, CONF)
            account = await ann(store)
            for mark in ("", new_device(account)):
                assert not await is_let_in(proofs, "ann", "wrong", mark)
                async with passwords._turn, passwords._turn:
                    for _ in range(2 * CONF.attempts):
                        with pytest.raises(ApiError) as refused:
                            await proofs.of(asked(), "ann", PASSWORD, mark)
                        assert refused.value.status == 429
                assert (await ann(store)).failed == 1, "no attempt is forgotten that was one"
                assert await is_let_in(proofs, "ann", PASSWORD, mark)
                await store.accounts.let_in(account, 1)
            await store.accounts.change(account.id, failed=CONF.attempts)
            async with passwords._turn, passwords._turn:
                with pytest.raises(ApiError):
                    await proofs.of(asked(), "ann", PASSWORD, "")
            assert (await ann(store)).failed == CONF.attempts, "one that was refused was not counted"

    asyncio.run(run())


def test_a_refresh_token_that_ten_send_at_once_serves_one(url: str) -> None:
    async def run() -> None:
        async with opened(url) as (store, _, _database):
            row, token = await store.begin(await ann(store), 60.0)
            secret = token.partition(".")[2]
            turned = await asyncio.gather(*(store.turn(row, secret) for _ in range(10)))
            assert sum(map(bool, turned)) == 1

    asyncio.run(run())


def test_a_session_ends_with_its_time_and_with_the_epoch_of_its_account(url: str) -> None:
    async def run() -> None:
        async with opened(url) as (store, _, database):
            account = await ann(store)
            over, _ = await store.begin(account, -1.0)
            row, _ = await store.begin(account, 60.0)
            assert await store.session(over.id) is None
            assert await store.session(row.id) is not None
            assert await store.session(row.id.upper()) is None
            for _ in range(40):
                await store.begin(account, 120.0)
            rows = await database.fetch("SELECT COUNT(*) FROM admin_session")
            assert rows[0][0] == 32, "the oldest make room"
            row, _ = await store.begin(account, 240.0)
            await store.accounts.change(account.id, epoch=1)
            assert await store.session(row.id) is None
            assert not await store.accounts.let_in(account, 0), "a login that began before"

    asyncio.run(run())


def test_a_command_ends_the_session_that_began_while_it_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with opened(url) as (store, passwords, _):
            accounts: Any = SimpleNamespace(store=store, passwords=passwords)
            hashed, begun = passwords.hashed, []

            async def meanwhile(password: str) -> str:
                account = await ann(store)
                await store.accounts.change(account.id, epoch=account.epoch + 1)  # another password, then a login
                begun.append((await store.begin(await ann(store), 60.0))[0].id)
                return await hashed(password)

            monkeypatch.setattr(passwords, "hashed", meanwhile)
            monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
            await account_commands._passwd(accounts, "ann", Namespace())
            assert await store.session(begun[0]) is None
            assert (await ann(store)).epoch == 2

    asyncio.run(run())


def test_a_collation_does_not_make_two_names_one(url: str) -> None:
    async def run() -> None:
        async with opened(url) as (store, passwords, _):
            for name in ("jose", "josé", "ann-2"):
                await store.accounts.insert(name, await passwords.hashed(PASSWORD), "")
            found = await store.accounts.named("josé")
            assert found is not None
            assert found.name == "josé"
            assert await store.accounts.named("JOSE") is None

    asyncio.run(run())


def test_passwords_wait_for_their_turn_up_to_a_bound() -> None:
    async def run() -> None:
        passwords = Passwords(1, 10)
        passwords._made = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        hashed = await passwords.hashed(PASSWORD)
        tries = [asyncio.ensure_future(passwords.is_right(hashed, "x")) for _ in range(40)]
        done = await asyncio.gather(*tries, return_exceptions=True)
        refused = [one for one in done if isinstance(one, ApiError)]
        assert {one.status for one in refused} == {429}
        assert [one for one in done if not isinstance(one, ApiError)] == [False] * (40 - len(refused))
        assert 0 < len(refused) < 40
        assert await passwords.is_right(hashed, PASSWORD), "those who wait do not stay"

    asyncio.run(run())
