# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/pay.Pay/Notify"""

import msgspec
from mallgen_runtime.rpc import Code, RpcContext, RpcError

from pay_rpc.model.payinfo_model import PAID, REFUND_DUE, SIMULATED, STARTED
from pay_rpc.pb.pay_pb2 import NotifyRequest, NotifyResponse
from pay_rpc.provider import Notice
from pay_rpc.rpc.order import MarkPaidRequest
from pay_rpc.signature import is_genuine
from pay_rpc.svc import ServiceContext


class NotifyLogic:
    """支付平台的通知, 可重复; 签名或时间不对时返回 UNAUTHENTICATED"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def notify(self, req: NotifyRequest) -> NotifyResponse:
        """The order first: who is killed before the second step is notified again, and does both."""
        secret = self.svc.config.notify_secret
        if not is_genuine(secret, req.timestamp, req.body, req.signature):
            raise RpcError(Code.UNAUTHENTICATED, "the signature or its time is wrong")
        notice = _read(req.body)
        row = await self.svc.payinfo.find_one_by_payplatform_platformnumber(
            SIMULATED, notice.payment_id
        )
        if row is None:
            raise RpcError(Code.NOT_FOUND, f"there is no payment {notice.payment_id}")
        if notice.amount != str(row.payment):
            raise RpcError(Code.INVALID_ARGUMENT, f"{row.payment} is to be paid")
        if row.platformstatus == STARTED:
            state = await self._settled(row.orderid)
            await self.svc.payinfo.update(row.id, platformstatus=state)
        return NotifyResponse()

    async def _settled(self, order: str) -> str:
        try:
            await self.svc.order_rpc.mark_paid(MarkPaidRequest(order_id=order))
        except RpcError as problem:
            if problem.code != Code.FAILED_PRECONDITION:
                raise
            return REFUND_DUE  # the order was closed before the money came
        return PAID


def _read(body: bytes) -> Notice:
    try:
        notice = msgspec.json.decode(body, type=Notice)
    except msgspec.DecodeError:
        raise RpcError(Code.INVALID_ARGUMENT, "the body is no notification") from None
    if notice.status != "paid":
        raise RpcError(Code.INVALID_ARGUMENT, f"the status is {notice.status!r}")
    return notice
