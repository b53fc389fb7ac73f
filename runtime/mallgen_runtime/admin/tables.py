"""The tables of an admin service's own, as contracts/sql/admin.sql makes them, and their models."""

from typing import Any, ClassVar

from mallgen_runtime.sql import BoolColumn, IntColumn, JsonColumn, Model, Row, Table, TextColumn

NAME_LENGTH = 64
KEY_LENGTH = 255  # characters of a row's key in the trail
ACCOUNT = Table(
    "admin_account",
    (
        IntColumn("id", 64, auto=True),
        TextColumn("name", NAME_LENGTH),
        TextColumn("password_hash", 255),
        TextColumn("roles", 255),
        BoolColumn("disabled", has_default=True),
        IntColumn("epoch", 64, has_default=True),
        IntColumn("failed", 32, has_default=True),
        IntColumn("failed_until", 64, has_default=True),
    ),
    key=("id",),
)
SESSION = Table(
    "admin_session",
    (
        TextColumn("id", 32),
        IntColumn("account_id", 64),
        IntColumn("epoch", 64),
        TextColumn("refresh_hash", 64),
        TextColumn("csrf", 64),
        IntColumn("ends", 64),
    ),
    key=("id",),
)
AUDIT = Table(
    "admin_audit",
    (
        IntColumn("id", 64, auto=True),
        TextColumn("actor", 64),
        TextColumn("request_id", 128),
        TextColumn("action", 16),
        TextColumn("table_name", 64),
        TextColumn("row_key", KEY_LENGTH),
        JsonColumn("before_row", null=True, has_default=True),
        JsonColumn("after_row", null=True, has_default=True),
    ),
    key=("id",),
)


class AccountRow(Row, frozen=True):
    """A row of admin_account; `epoch` counts what ends all sessions, `failed` counts until `failed_until`."""

    id: int
    name: str
    password_hash: str
    roles: str
    disabled: bool
    epoch: int
    failed: int
    failed_until: int


class SessionRow(Row, frozen=True):
    """A row of admin_session: one login, with the hash of its newest refresh token."""

    id: str
    account_id: int
    epoch: int
    refresh_hash: str
    csrf: str
    ends: int


class AuditRow(Row, frozen=True):
    """A row of admin_audit."""

    id: int
    actor: str
    request_id: str
    action: str
    table_name: str
    row_key: str
    before_row: Any
    after_row: Any


class _Count(Row, frozen=True):
    number: int


class AccountModel(Model[AccountRow]):
    """The statements on accounts."""

    table: ClassVar[Table] = ACCOUNT
    row = AccountRow

    async def find(self, key: int) -> AccountRow | None:
        """Return the account of a key."""
        return await self._find(("id",), (key,))

    async def named(self, name: str) -> AccountRow | None:
        """Return the account of a name, letter by letter: a collation may find another one."""
        found = await self._find(("name",), (name,))
        return found if found is not None and found.name == name else None

    async def count(self) -> int:
        """Return the number of accounts."""
        found = await self.fetch_one(_Count, 'SELECT COUNT(*) AS "number" FROM "admin_account"')
        return found.number if found else 0

    async def insert(self, name: str, password_hash: str, roles: str) -> None:
        """Insert an account. Raises DuplicateKey."""
        await self._insert({"name": name, "password_hash": password_hash, "roles": roles})

    async def change(self, key: int, **values: Any) -> bool:
        """Write columns of an account; return whether there is one."""
        return await self._update((key,), values)

    async def end_sessions(self, key: int) -> None:
        """End all sessions of an account, by its next epoch."""
        await self.execute('UPDATE "admin_account" SET "epoch" = "epoch" + 1 WHERE "id" = ?', key, changes=[key])

    async def begin_attempt(self, key: int, now: int, until: int, most: int) -> bool:
        """Count an attempt before it is made, so that many at a time are not more; return whether it may be made."""
        # MySQL assigns from left to right: `failed` comes first, and still sees the old time
        sql = (
            'UPDATE "admin_account" SET "failed" = CASE WHEN "failed_until" <= ? THEN 1 ELSE "failed" + 1 END,'
            ' "failed_until" = ? WHERE "id" = ? AND ("failed" < ? OR "failed_until" <= ?)'
        )
        return bool(await self.execute(sql, now, until, key, most, now, changes=[key]))

    async def take_back(self, key: int) -> None:
        """Forget one attempt, in which nothing was compared or the password was right."""
        sql = 'UPDATE "admin_account" SET "failed" = "failed" - 1 WHERE "id" = ? AND "failed" > 0'
        await self.execute(sql, key, changes=[key])

    async def let_in(self, row: AccountRow, failed: int) -> bool:
        """Set the attempts of an account; return whether it is still as it was read, and not disabled."""
        sql = 'UPDATE "admin_account" SET "failed" = ? WHERE "id" = ? AND "epoch" = ? AND NOT "disabled"'
        return bool(await self.execute(sql, failed, row.id, row.epoch, changes=[row.id]))


class SessionModel(Model[SessionRow]):
    """The statements on sessions."""

    table: ClassVar[Table] = SESSION
    row = SessionRow

    async def find(self, key: str) -> SessionRow | None:
        """Return the session of an id, letter by letter."""
        found = await self._find(("id",), (key,))
        return found if found is not None and found.id == key else None

    async def insert(self, row: SessionRow) -> None:
        """Insert a session."""
        await self._insert({name: getattr(row, name) for name in row.__struct_fields__})

    async def end(self, key: str) -> bool:
        """Delete a session; return whether there was one."""
        return await self._delete((key,))

    async def turn(self, key: str, old: str, new: str) -> bool:
        """Replace the hash of a session's refresh token; return whether it was still the old one."""
        sql = 'UPDATE "admin_session" SET "refresh_hash" = ? WHERE "id" = ? AND "refresh_hash" = ?'
        return bool(await self.execute(sql, new, key, old, changes=[key]))

    async def sweep(self, account: int, now: int, most: int) -> None:
        """Delete the sessions of an account that are over, and of the others all but the `most` newest."""
        ended = 'DELETE FROM "admin_session" WHERE "account_id" = ? AND "ends" <= ?'
        await self.execute(ended, account, now, changes=[])
        sql = 'SELECT * FROM "admin_session" WHERE "account_id" = ? ORDER BY "ends" DESC'
        for row in (await self.fetch(SessionRow, sql, account))[most:]:
            await self.end(row.id)


class AuditModel(Model[AuditRow]):
    """The statements on the trail."""

    table: ClassVar[Table] = AUDIT
    row = AuditRow

    async def note(self, actor: str, request: str, action: str, name: str, more: Any) -> None:
        """Write what happened to an account; `more` is seen by all who read the trail."""
        about = {"action": action, "table_name": ACCOUNT.name, "row_key": name}
        await self._insert({"actor": actor, "request_id": request, **about, "after_row": more})
