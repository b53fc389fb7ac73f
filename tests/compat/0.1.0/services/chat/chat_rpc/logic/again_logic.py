"""/chat.Chat/Again"""

from mallgen_runtime.rpc import RpcContext

from chat_rpc.pb.chat_pb2 import Line
from chat_rpc.svc import ServiceContext


class AgainLogic:
    """May be asked again"""

    def __init__(self, ctx: RpcContext, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def again(self, req: Line) -> Line:
        raise NotImplementedError("/chat.Chat/Again")
