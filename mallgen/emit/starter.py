"""Contracts of new projects, with logic that answers at once; names must be checked before they come here."""

from mallgen.emit import LogicBody
from mallgen.python import names
from mallgen.python.code import Code, PyIdent

GREETER = PyIdent("greeter")


def title(name: str) -> PyIdent:
    """Return the name in title case: `MyShop` for `my-shop`."""
    return PyIdent("".join(word.capitalize() for word in names.snake(name).split("_")))


def service(name: str) -> str:
    """Return the service's name, such as `my_shop-api`: goctl allows one dash, the one before `api`."""
    return f"{name.replace('-', '_')}-api"


def api(name: str) -> str:
    """Return the text of a `.api` contract with one route."""
    return f"""syntax = "v1"

info (
	title: "{name}"
)

type {title(name)}Request {{
	Name string `form:"name,default=world"` // who is greeted
}}

type {title(name)}Response {{
	Message string `json:"message"`
}}

@server (
	prefix: /v1
)
service {service(name)} {{
	@doc "Greets"
	@handler {title(name)}
	get /{name} ({title(name)}Request) returns ({title(name)}Response)
}}
"""


def api_bodies(name: str) -> tuple[tuple[str, LogicBody], ...]:
    """Return the logic of a route that answers by itself."""
    return ((f"GET /v1/{name}", LogicBody((Code(f'return {title(name)}Response(message=f"Hello {{req.name}}")'),))),)


def calling_bodies(name: str) -> tuple[tuple[str, LogicBody], ...]:
    """Return the logic of a route that calls the greeter service."""
    package = names.http_package(service(name))
    lines = (
        Code(f"reply = await self.svc.{GREETER}_rpc.greet(GreetRequest(name=req.name))"),
        Code(f"return {title(name)}Response(message=reply.message)"),
    )
    return ((f"GET /v1/{name}", LogicBody(lines, ((f"{package}.rpc.{GREETER}", "GreetRequest"),))),)


def greeter_bodies() -> tuple[tuple[str, LogicBody], ...]:
    """Return the logic of the greeter service."""
    return (("/greeter.Greeter/Greet", LogicBody((Code('return GreetResponse(message=f"Hello {req.name}")'),))),)


def greeter() -> str:
    """Return the proto of the greeter service."""
    return """syntax = "proto3";

package greeter;

// Greets people
service Greeter {
  // Greet one person
  rpc Greet(GreetRequest) returns (GreetResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }
}

message GreetRequest {
  string name = 1; // who is greeted
}

message GreetResponse {
  string message = 1;
}
"""


def rpc(name: str) -> str:
    """Return a proto with one RPC, as `goctl rpc new` writes it."""
    return f"""syntax = "proto3";

package {names.snake(name)};

message Request {{
  string ping = 1;
}}

message Response {{
  string pong = 1;
}}

service {title(name)} {{
  rpc Ping(Request) returns (Response);
}}
"""


def rpc_bodies(name: str) -> tuple[tuple[str, LogicBody], ...]:
    """Return the logic of the RPC in `rpc(name)`."""
    wire = f"/{names.snake(name)}.{title(name)}/Ping"
    return ((wire, LogicBody((Code('return Response(pong=f"pong {req.ping}")'),))),)


def queue(name: str) -> str:
    """Return a proto with one topic."""
    return f"""syntax = "proto3";

package {names.snake(name)};

import "google/protobuf/empty.proto";

// Each RPC is a topic, its request the message.
service {title(name)} {{
  // One message is to be worked on.
  rpc Requested(Request) returns (google.protobuf.Empty);
}}

message Request {{
  string text = 1;
}}
"""


def queue_bodies(name: str) -> tuple[tuple[str, LogicBody], ...]:
    """Return the logic of the topic in `queue(name)`."""
    wire = f"/{names.snake(name)}.{title(name)}/Requested"
    return ((wire, LogicBody((Code('self.ctx.log.info("got %s", msg.text)'),))),)


def workspace(name: str) -> str:
    """Return the mallgen.toml of an HTTP service that uses the greeter service."""
    return f"""[service.{service(name)}]
contract = "contracts/{name}.api"
dir = "services/{service(name)}"
uses = ["{GREETER}"]

[service.{GREETER}]
contract = "contracts/{GREETER}.proto"
dir = "services/{GREETER}"
"""


def pytest_settings(name: str) -> str:
    """Return the pyproject.toml of a workspace, which runs the tests of all its services."""
    return f"""[tool.pytest.ini_options]
testpaths = ["services"]
pythonpath = [
    "services/{service(name)}",
    "services/{GREETER}",
]
"""


def readme(name: str) -> str:
    """Return the README.md of a workspace."""
    return f"""# {name}

`contracts/` is what you write first, `services/` is made from it; `mallgen.toml` says which goes where and who calls
whom.

```sh
mallgen dev                                   # all services in this terminal
curl 'localhost:8888/v1/{name}?name=you'      # answered by both
mallgen gen                                   # after a change of a contract; `mallgen dev` does it by itself
pytest                                        # the tests of all services; a new service goes into pyproject.toml
```
"""


DATA = "data/"  # databases, of accounts as well, and pictures
IGNORED = f"__pycache__/\n*.egg-info/\n.venv/\n.env\n.mallgen/\n.mypy_cache/\n.ruff_cache/\n.pytest_cache/\n{DATA}\n"
MERGED = "mallgen.lock merge=union\n"
