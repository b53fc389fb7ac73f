# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/admin-picture"""

from mallgen_runtime import Context, Response

from product_admin.logic.picture.keep_picture_logic import KeepPictureLogic
from product_admin.schemas import KeepPictureResponse
from product_admin.svc import ServiceContext


async def keep_picture_handler(
    ctx: Context, svc: ServiceContext
) -> KeepPictureResponse | Response:
    """take a picture, the file `picture` of a form"""
    return await KeepPictureLogic(ctx, svc).keep_picture()
