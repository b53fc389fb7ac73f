"""The messages that tell of changes, on a database in memory: there with the change, and gone with it."""

import asyncio

import pytest
from mallgen_runtime.sql import DataSourceConf, Transaction
from mallgen_runtime.testing import Client, made_up_secrets

from product_admin.admin import audit
from product_admin.app import create_app
from product_admin.config import Config

TOPICS = "SELECT topic, message_key FROM mallgen_outbox ORDER BY id"


class Undone(Exception):
    """What ends a transaction."""


async def told(tx: Transaction) -> list[tuple[object, ...]]:
    """Return the topics and keys of the messages that wait."""
    return [tuple(row) for row in await tx.fetch(TOPICS)]


def test_a_change_is_told_in_its_transaction() -> None:
    async def talk() -> None:
        source = DataSourceConf(url="sqlite://:memory:")
        with made_up_secrets():
            app = create_app(
                Config(name="admin", port=8889, mode="test", data_source=source)
            )
        async with Client(app):
            with pytest.raises(Undone):
                async with app.svc.db.transaction() as tx:
                    for table in ("product", "category", "banner", "admin_account"):
                        await audit.tell(app.svc, tx, table, 7)
                    assert await told(tx) == [
                        ("product_queue.changed", b"7"),
                        ("product_queue.category-changed", b"7"),
                        ("product_queue.banner-changed", b"7"),
                    ]
                    raise Undone
            async with app.svc.db.transaction() as tx:
                assert await told(tx) == []

    asyncio.run(talk())
