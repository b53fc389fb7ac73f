"""/chat.Chat/Count"""

from collections.abc import AsyncIterator

from mallgen_runtime.rpc import RpcContext

from chat_rpc.pb.chat_pb2 import Line, Total
from chat_rpc.svc import ServiceContext


class CountLogic:
    """/chat.Chat/Count"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def count(self, reqs: AsyncIterator[Line]) -> Total:
        raise NotImplementedError("/chat.Chat/Count")
