# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/order.Order/Create"""

import secrets
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from mallgen_runtime.rpc import Code, RpcContext, RpcError
from mallgen_runtime.sql import DuplicateKey

from order_rpc.model.orderitem_model_gen import OrderitemValues
from order_rpc.pb.order_pb2 import CreateItem, CreateRequest, CreateResponse
from order_rpc.status import NOBODY
from order_rpc.svc import ServiceContext

MOST_ITEMS = 200
CENT = Decimal("0.01")


class CreateLogic:
    """下单; 同一 request_id 只建一个订单, 重复的请求得到同一个订单号; 价格或数量不对时返回 INVALID_ARGUMENT"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def create(self, req: CreateRequest) -> CreateResponse:
        """The unique key decides: of two equal requests at once the second one finds the order of the first."""
        if not req.request_id or len(req.request_id) > 64:
            raise RpcError(Code.INVALID_ARGUMENT, "request_id has 1 to 64 characters")
        if req.user_id == NOBODY:
            raise RpcError(Code.INVALID_ARGUMENT, "an order has a user")
        made = await self._made(req.request_id)
        if made is not None:
            return CreateResponse(order_id=made)
        if not 0 < len(req.items) <= MOST_ITEMS:
            raise RpcError(
                Code.INVALID_ARGUMENT, f"an order has 1 to {MOST_ITEMS} products"
            )
        id = f"{datetime.now(UTC):%Y%m%d%H%M%S}{secrets.randbelow(10**8):08}"
        try:
            await self._insert(
                id, req, [_item(id, req.user_id, item) for item in req.items]
            )
        except DuplicateKey:
            made = await self._made(req.request_id)
            if made is None:
                raise
            id = made
        return CreateResponse(order_id=id)

    async def _made(self, request_id: str) -> str | None:
        """In a transaction, whose rows are never a cache's or replica's: those may not know yet what was committed."""
        async with self.svc.db.transaction() as tx:
            row = await self.svc.orders.within(tx).find_one_by_requestid(request_id)
        if row is not None and row.userid == NOBODY:
            raise RpcError(Code.FAILED_PRECONDITION, "the request is closed")
        return None if row is None else row.id

    async def _insert(
        self, id: str, req: CreateRequest, items: list[OrderitemValues]
    ) -> None:
        async with self.svc.db.transaction() as tx:
            shopping = 0
            if req.HasField("receiver"):
                shopping = await self.svc.shopping.within(tx).add(
                    id, req.user_id, req.receiver
                )
            await self.svc.orders.within(tx).insert(
                id=id,
                shoppingid=shopping,
                requestid=req.request_id,
                userid=req.user_id,
                payment=sum((item["totalprice"] for item in items), Decimal()),
            )
            await self.svc.orderitem.within(tx).insert_many(items)


def _item(order: str, user: int, item: CreateItem) -> OrderitemValues:
    if item.quantity < 1:
        raise RpcError(Code.INVALID_ARGUMENT, "quantity must be at least 1")
    price = _price(item.price)
    return {
        "orderid": order,
        "userid": user,
        "proid": item.product_id,
        "proname": item.name,
        "proimage": item.image_url,
        "currentunitprice": price,
        "quantity": item.quantity,
        "totalprice": price * item.quantity,
    }


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
        if 0 <= price < 10**12 and price == price.quantize(CENT):
            return price
    except InvalidOperation:
        pass
    raise RpcError(
        Code.INVALID_ARGUMENT, "price has digits, and at most two behind the point"
    )
