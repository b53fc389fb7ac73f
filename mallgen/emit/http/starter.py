"""The contract of a new project, and the logic that makes it answer at once."""

from mallgen import names
from mallgen.emit.http import HttpOptions


def contract(name: str) -> str:
    """A contract with one route; `name` is a plain word, checked by the command."""
    title = "".join(word.capitalize() for word in names.snake(name).split("_"))
    return f"""syntax = "v1"

info (
	title: "{name}"
)

type {title}Request {{
	Name string `form:"name,default=world"` // who is greeted
}}

type {title}Response {{
	Message string `json:"message"`
}}

@server (
	prefix: /v1
)
service {service(name)} {{
	@doc "Greets"
	@handler {title}
	get /{name} ({title}Request) returns ({title}Response)
}}
"""


def service(name: str) -> str:
    """The service's name: goctl allows one dash, the one before `api`."""
    return f"{name.replace('-', '_')}-api"


def options(name: str) -> HttpOptions:
    """The emitter's options: the one route has a body."""
    title = "".join(word.capitalize() for word in names.snake(name).split("_"))
    return HttpOptions(bodies=((f"GET /v1/{name}", f'return {title}Response(message=f"Hello {{req.name}}")'),))
