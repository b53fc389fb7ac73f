# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /pictures/:name"""

from mallgen_runtime import Context, Response

from product_admin.logic.picture.show_picture_logic import ShowPictureLogic
from product_admin.schemas import ShowPictureRequest
from product_admin.svc import ServiceContext


async def show_picture_handler(
    ctx: Context, svc: ServiceContext, req: ShowPictureRequest
) -> Response | None:
    """show a picture"""
    return await ShowPictureLogic(ctx, svc).show_picture(req)
