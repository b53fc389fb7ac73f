# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /v1/ping"""

from mallgen_runtime import Context, Response

from wide_api.logic.login.ping_logic import PingLogic
from wide_api.svc import ServiceContext


async def ping_handler(ctx: Context, svc: ServiceContext) -> Response | None:
    """GET /v1/ping"""
    return await PingLogic(ctx, svc).ping()
