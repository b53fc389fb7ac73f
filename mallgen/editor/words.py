"""The meanings of the language's words, in one line each; editors show them."""

from mallgen.contract.base_types import BASE_TYPES, BaseType
from mallgen.contract.resolve import METHODS

STATEMENTS = {
    "syntax": 'The version of the language: `syntax = "v1"`, once, at the top.',
    "info": "What the contract is about: title, desc, version, author, email. Imported files' `info` is ignored.",
    "import": "Another `.api` file, relative to this one. All files of a contract share one namespace of types.",
    "type": "Declares a struct, or several in parentheses.",
    "service": "The routes of a service. All blocks of a contract carry one name; `-api` may end it.",
    "@server": "Settings of the service block that follows: prefix, group, jwt, middleware, …",
}
INSIDE = {
    "@doc": 'What a route does: `@doc "…"`, or keys in parentheses. It stands before `@handler`.',
    "@handler": "Names the route that follows; its handler and logic files are named after it.",
    "returns": "The type of the answer: `returns (Name)`, `(*Name)` or `([]Name)`.",
    "map": "A JSON object with keys of one type and values of another: `map[string]int64`.",
    "interface{}": "Any JSON value.",
    "any": "Any JSON value; as the type of a field goctl wants `interface{}`.",
}
SETTINGS = {
    "prefix": "Joined before every path of the block: `prefix: /v1`.",
    "group": "The folder of handlers and logic: `group: user/admin`.",
    "jwt": "Requests need a valid token; the value names the block of settings with its secret: `jwt: Auth`.",
    "roles": "mallgen's own: a token must have one of them in its claim `roles`: `roles: editor`. goctl ignores it.",
    "jwtTransition": "Names the settings with the secret and the one before it, while secrets change.",
    "signature": "`true`: requests must be signed; the settings' block `Signature` has the keys.",
    "middleware": "The middlewares around every handler of the block, outermost first: `middleware: Audit, Limit`.",
    "timeout": "How long a request may take: `timeout: 3s`, `timeout: 500ms`.",
    "maxBytes": "The largest body that is read, in bytes: `maxBytes: 1048576`.",
    "maxParts": "mallgen's own: the most files and fields of a form: `maxParts: 20`. goctl ignores it.",
    "maxPartBytes": "mallgen's own: the largest file or field of a form: `maxPartBytes: 10485760`. goctl ignores it.",
    "cors": "mallgen's own: names the settings for pages of other origins: `cors: Public`. goctl ignores it.",
    "sse": "`true`: answers are server-sent events, one for each value that the logic yields.",
    "tags": "Tags of the operations in OpenAPI, with commas between.",
    "summary": "What OpenAPI says of the block where there are no tags.",
    "authType": "The name of the security requirement in OpenAPI.",
    "pathPrefix": "A prefix for TypeScript clients only.",
}
SOURCES = {
    "json": "The field is read from the body, and answered, under this name.",
    "form": "The field is read from the query, or from a form's body, under this name.",
    "path": 'The field is read from the path: `path:"id"` for `/user/:id`.',
    "header": "The field is read from a header.",
}
OPTIONS = {
    "optional": "The field may be absent. `optional=other`: only together with another, `optional=!other`: without it.",
    "default": "The value of an absent field: `default=20`.",
    "options": "The values that are allowed: `options=[a,b]` or `options=a|b`; others are refused.",
    "range": "The bounds of a number, others are refused: `range=[1:100]`; `(` and `)` exclude the bound.",
    "limit": "mallgen's own: outside of the bounds the default is used: `default=20,limit=[1:50]`. go-zero ignores it.",
    "string": "The number is written in quotation marks in JSON.",
    "omitempty": "An empty value is left out of the answer.",
    "inherit": "Read by go-zero's configuration only; it says nothing in a contract.",
}
INFO = {
    "title": "The name of the contract.",
    "desc": "What it is for.",
    "version": "Its version.",
    "author": "Who wrote it.",
    "email": "How to reach them.",
}
DOC = {
    "summary": "What the route does, in a line.",
    "description": "The same at length, for OpenAPI.",
    "status": 'The status of a good answer, mallgen\'s own: `status: "201"`; 202, or 204 without `returns`.',
    "websocket": 'The route is a WebSocket, mallgen\'s own: `websocket: "true"`; `returns` is what it sends.',
    "message": 'The struct that clients of a WebSocket send: `message: "ChatMessage"`; left out: nothing.',
}
_SPECIAL = {
    "byte": "A whole number from 0 to 255; `[]byte` is base64 text in JSON.",
    "rune": "A whole number, 32 bits with a sign: a Unicode code point.",
    "float64": "A number; `float` in Python. Not for money: 0.1 has no exact value.",
    "uintptr": "A whole number, 64 bits; `int` in Python, checked on the way in. Go's type for addresses.",
}
_KINDS = {
    "bool": "`true` or `false`; `bool` in Python.",
    "string": "Text; `str` in Python.",
    "integer": "A whole number, {} bits; `int` in Python, checked on the way in.",
    "float": "A number; `float` in Python.",
    "complex": "A complex number. It has no JSON form: code cannot be generated.",
}


def _meaning(base: BaseType) -> str:
    if base.name in _SPECIAL:
        return _SPECIAL[base.name]
    return _KINDS[base.kind].format(base.bits) + ("" if base.signed else " Never negative.")


BASE = {name: _meaning(base) for name, base in BASE_TYPES.items()}
METHOD = {name: f"Answers HTTP {name.upper()} requests." for name in METHODS}
METHOD["get"] += " It has no body: fields come from `path`, `form` and `header`."
METHOD["head"] += " It has no body, and neither has the answer."
