"""/chat.Chat/History"""

from collections.abc import AsyncIterator

from mallgen_runtime.rpc import RpcContext

from chat_rpc.pb.chat_pb2 import Line, Since
from chat_rpc.svc import ServiceContext


class HistoryLogic:
    """/chat.Chat/History"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def history(self, req: Since) -> AsyncIterator[Line]:
        raise NotImplementedError("/chat.Chat/History")
        yield Line()  # each yield sends a reply
