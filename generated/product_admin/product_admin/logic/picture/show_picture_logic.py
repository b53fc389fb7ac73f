# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""GET /pictures/:name"""

from mallgen_runtime import Context, Response

from product_admin.schemas import ShowPictureRequest
from product_admin.svc import ServiceContext


class ShowPictureLogic:
    """show a picture"""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def show_picture(self, req: ShowPictureRequest) -> Response | None:
        return await self.svc.admin_pictures.show(req.name)
