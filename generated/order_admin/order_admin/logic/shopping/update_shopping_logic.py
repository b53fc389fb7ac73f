# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""PATCH /v1/shopping/:id"""

from mallgen_runtime import ApiError, Context, Response
from mallgen_runtime.admin import refusing

from order_admin.admin import audit, shopping_rows
from order_admin.schemas import Shopping, UpdateShoppingRequest
from order_admin.status import NOT_SENT
from order_admin.svc import ServiceContext


class UpdateShoppingLogic:
    """change who receives an order that is not sent yet"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def update_shopping(self, req: UpdateShoppingRequest) -> Shopping | Response:
        """The order is locked first, so that it is not sent while the address of its parcel changes."""
        changes = shopping_rows.changes(req)
        found = await self.svc.shopping.find_one(req.id)
        if found is None:
            raise ApiError(404, "not_found", "there is no such receiver")
        async with self.svc.db.transaction() as tx:
            orders = self.svc.orders.within(tx)
            await orders.lock([found.orderid])
            order = await orders.find_one(found.orderid)
            if order is None or order.status not in NOT_SENT:
                raise ApiError(409, "sent", "the order is sent already, or closed")
            rows = self.svc.shopping.within(tx)
            old = await rows.find_one(req.id)
            with refusing():
                is_done = await rows.update(req.id, **changes)
            new = await rows.find_one(req.id)
            if old is None or new is None or not is_done:
                raise ApiError(404, "not_found", "there is no such receiver")
            before, after = shopping_rows.view(old), shopping_rows.view(new)
            await audit.note(
                self.svc,
                tx,
                self.ctx,
                "update",
                "shopping",
                old.id,
                order=old.orderid,
                before=before,
                after=after,
            )
        return after
