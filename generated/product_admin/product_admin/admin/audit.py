"""Who changed what: a row beside each change, and a message to those who keep the row, in its transaction."""

from typing import Any

import msgspec
from mallgen_runtime import Context
from mallgen_runtime.admin import key_text
from mallgen_runtime.sql import Transaction

from product_admin.rpc.product_queue import (
    ChangedBanner,
    ChangedCategory,
    ProductChanged,
)
from product_admin.svc import ServiceContext


async def note(
    svc: ServiceContext,
    tx: Transaction,
    ctx: Context,
    action: str,
    table: str,
    *key: Any,
    before: msgspec.Struct | None = None,
    after: msgspec.Struct | None = None,
) -> None:
    """Write the row of a change; what people do not see of a table is in neither of its two states."""
    await svc.admin_audit.within(tx).insert(
        actor=str(ctx.claims.get("sub", "")),
        request_id=ctx.request_id,
        action=action,
        table_name=table,
        row_key=key_text(*key),
        before_row=None if before is None else msgspec.to_builtins(before),
        after_row=None if after is None else msgspec.to_builtins(after),
    )
    await tell(svc, tx, table, *key)


async def tell(svc: ServiceContext, tx: Transaction, table: str, id: int) -> None:
    """Send the message that product.rpc, which keeps rows in its cache, follows a change."""
    queue = svc.product_queue
    match table:
        case "product":
            product = ProductChanged(product_id=id)
            await svc.outbox.add(tx, queue.changed, product)
        case "category":
            category = ChangedCategory(category_id=id)
            await svc.outbox.add(tx, queue.category_changed, category)
        case "banner":
            banner = ChangedBanner(banner_id=id)
            await svc.outbox.add(tx, queue.banner_changed, banner)
