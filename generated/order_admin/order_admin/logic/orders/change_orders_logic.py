# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/orders-change"""

from mallgen_runtime import Context, Response

from order_admin.admin import audit, order_steps, orders_rows
from order_admin.schemas import ChangeOrdersRequest, ChangeOrdersResponse
from order_admin.svc import ServiceContext


class ChangeOrdersLogic:
    """give several orders their next status"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def change_orders(
        self, req: ChangeOrdersRequest
    ) -> ChangeOrdersResponse | Response:
        count = 0
        async with self.svc.db.transaction() as tx:
            rows = self.svc.orders.within(tx)
            await rows.lock(req.keys)
            for old in await rows.find_many(req.keys):
                new = await order_steps.take(rows, old, req.status)
                before, after = orders_rows.view(old), orders_rows.view(new)
                await audit.note(
                    self.svc,
                    tx,
                    self.ctx,
                    req.action,
                    "orders",
                    old.id,
                    order=old.id,
                    before=before,
                    after=after,
                )
                count += 1
        return ChangeOrdersResponse(changed=count)
