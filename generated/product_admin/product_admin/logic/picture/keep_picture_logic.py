# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""POST /v1/admin-picture"""

from mallgen_runtime import Context, Response

from product_admin.schemas import KeepPictureResponse
from product_admin.svc import ServiceContext


class KeepPictureLogic:
    """take a picture, the file `picture` of a form"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def keep_picture(self) -> KeepPictureResponse | Response:
        url = await self.svc.admin_pictures.keep(self.ctx)
        return KeepPictureResponse(url=url)
