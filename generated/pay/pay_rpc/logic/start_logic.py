# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/pay.Pay/Start"""

import uuid
from contextlib import suppress
from decimal import Decimal

from mallgen_runtime.rpc import Code, RpcContext, RpcError
from mallgen_runtime.sql import DuplicateKey

from pay_rpc.model.payinfo_model import SIMULATED, STARTED
from pay_rpc.pb.pay_pb2 import StartRequest, StartResponse
from pay_rpc.rpc.order import GetRequest
from pay_rpc.svc import ServiceContext

UNPAID = 10  # as order.proto has it


class StartLogic:
    """开始支付一个未付款的订单; 再次调用得到同一笔支付. 不是该用户的订单返回
    NOT_FOUND, 不是未付款的返回 FAILED_PRECONDITION
    """

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def start(self, req: StartRequest) -> StartResponse:
        """The amount is what order.rpc says; no client is asked for it."""
        order = await self.svc.order_rpc.get(GetRequest(order_id=req.order_id))
        if order.user_id != req.user_id:
            raise RpcError(Code.NOT_FOUND, f"there is no order {req.order_id}")
        if order.status != UNPAID:
            raise RpcError(
                Code.FAILED_PRECONDITION, f"order {req.order_id} is not to be paid"
            )
        with suppress(DuplicateKey):  # it was started before, and goes on
            await self.svc.payinfo.insert(
                orderid=req.order_id,
                userid=req.user_id,
                payplatform=SIMULATED,
                platformnumber=uuid.uuid4().hex,
                payment=Decimal(order.payment),
                platformstatus=STARTED,
            )
        row = await self.svc.payinfo.find_one_by_orderid(req.order_id)
        if row is None:
            raise RpcError(Code.ABORTED, f"the payment of {req.order_id} is gone")
        return StartResponse(payment_id=row.platformnumber, amount=str(row.payment))
