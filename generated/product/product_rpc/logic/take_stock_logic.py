# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""/product.Product/TakeStock"""

from mallgen_runtime.rpc import Code, RpcContext, RpcError

from product_rpc.pb.product_pb2 import TakeStockRequest, TakeStockResponse
from product_rpc.svc import ServiceContext


class TakeStockLogic:
    """扣减库存; 库存不足时返回 FAILED_PRECONDITION, 不扣减"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def take_stock(self, req: TakeStockRequest) -> TakeStockResponse:
        if req.quantity < 1:
            raise RpcError(Code.INVALID_ARGUMENT, "quantity must be at least 1")
        async with self.svc.db.transaction() as tx:
            product = self.svc.product.within(tx)
            taken = await product.take(req.product_id, req.quantity)
            row = await product.find_one(req.product_id)
        if row is None:
            raise RpcError(Code.NOT_FOUND, f"there is no product {req.product_id}")
        if not taken:
            raise RpcError(
                Code.FAILED_PRECONDITION, f"product {row.id} has {row.stock} left"
            )
        return TakeStockResponse(stock=row.stock)
