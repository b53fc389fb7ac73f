"""Who changed what: a row beside each change, and a message to those who keep the order, in its transaction."""

from typing import Any

import msgspec
from mallgen_runtime import Context
from mallgen_runtime.admin import key_text
from mallgen_runtime.sql import Transaction

from order_admin.rpc.order_queue import OrderChanged
from order_admin.svc import ServiceContext


async def note(
    svc: ServiceContext,
    tx: Transaction,
    ctx: Context,
    action: str,
    table: str,
    *key: Any,
    order: str,
    before: msgspec.Struct | None = None,
    after: msgspec.Struct | None = None,
) -> None:
    """Write the row of a change to an order; what people do not see of a table is in neither of its two states."""
    await svc.admin_audit.within(tx).insert(
        actor=str(ctx.claims.get("sub", "")),
        request_id=ctx.request_id,
        action=action,
        table_name=table,
        row_key=key_text(*key),
        before_row=None if before is None else msgspec.to_builtins(before),
        after_row=None if after is None else msgspec.to_builtins(after),
    )
    await tell(svc, tx, order)


async def tell(svc: ServiceContext, tx: Transaction, order: str) -> None:
    """Send the message that order.rpc, which keeps rows in its cache, follows a change."""
    await svc.outbox.add(tx, svc.order_queue.changed, OrderChanged(order_id=order))
