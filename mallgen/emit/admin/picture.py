"""The pictures of a new admin service: the routes that take and show them, and their logic."""

from collections.abc import Iterator

from mallgen.emit import LogicBody
from mallgen.python.code import Code

UPLOAD = "/admin-picture"  # the end of the path of the route that takes them
NAMES = ("admin_page", "admin_picture", "admin_pictures")  # of the page's routes, and in the service context
_TYPES = """type (
	KeepPictureResponse {
		Url string `json:"url"`
	}

	ShowPictureRequest {
		Name string `path:"name" validate:"max=64"`
	}
)"""
_ROUTES = """@server (
	prefix: /v1
	group: picture
	jwt: Auth
	roles: editor
	timeout: 60s
	maxBytes: 5308416
	maxParts: 1
	maxPartBytes: 5242880
)
service %s {
	@doc "take a picture, the file `picture` of a form"
	@handler KeepPicture
	post /admin-picture returns (KeepPictureResponse)
}

@server (
	group: picture
	jwt: Auth
)
service %s {
	@doc "show a picture"
	@handler ShowPicture
	get /pictures/:name (ShowPictureRequest)
}"""
_LOGIC = (
    (
        "POST /v1/admin-picture",
        ("url = await self.svc.admin_pictures.keep(self.ctx)", "return KeepPictureResponse(url=url)"),
    ),
    ("GET /pictures/:name", ("return await self.svc.admin_pictures.show(req.name)",)),
)


def types() -> str:
    """Return the types of the routes; the formatter lays them out."""
    return _TYPES


def routes(service: str) -> str:
    """Return the two routes."""
    return _ROUTES % (service, service)


def bodies() -> Iterator[tuple[str, LogicBody]]:
    """Yield the logic of each route: the runtime does the work."""
    for title, lines in _LOGIC:
        yield title, LogicBody(tuple(map(Code, lines)))
