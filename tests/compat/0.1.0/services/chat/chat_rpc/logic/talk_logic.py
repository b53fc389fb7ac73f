"""/chat.Chat/Talk"""

from collections.abc import AsyncIterator

from mallgen_runtime.rpc import RpcContext

from chat_rpc.pb.chat_pb2 import Line
from chat_rpc.svc import ServiceContext


class TalkLogic:
    """/chat.Chat/Talk"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def talk(self, reqs: AsyncIterator[Line]) -> AsyncIterator[Line]:
        raise NotImplementedError("/chat.Chat/Talk")
        yield Line()  # each yield sends a reply
