# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/orders-row"""

from mallgen_runtime import ApiError, Context, Response

from order_admin.admin import audit, order_steps, orders_rows
from order_admin.schemas import Orders, UpdateOrdersRequest
from order_admin.svc import ServiceContext


class UpdateOrdersLogic:
    """give an order its next status"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def update_orders(self, req: UpdateOrdersRequest) -> Orders | Response:
        if req.status is None:
            raise ApiError(400, "no_change", "the request changes no field")
        async with self.svc.db.transaction() as tx:
            rows = self.svc.orders.within(tx)
            await rows.lock([req.id])
            old = await rows.find_one(req.id)
            if old is None:
                raise ApiError(404, "not_found", "there is no such order")
            new = await order_steps.take(rows, old, req.status)
            before, after = orders_rows.view(old), orders_rows.view(new)
            await audit.note(
                self.svc,
                tx,
                self.ctx,
                "update",
                "orders",
                old.id,
                order=old.id,
                before=before,
                after=after,
            )
        return after
