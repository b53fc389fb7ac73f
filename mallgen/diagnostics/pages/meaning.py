"""Pages about contracts that can be read and make no sense."""

from mallgen.diagnostics.pages import page


@page("no-service")
def no_service() -> None:
    """The contract has no route.

        service greet-api {
            @handler Greet
            get /greet
        }

    A file that only declares types is meant to be imported: name the file with the service.
    """


@page("two-services")
def two_services() -> None:
    """The service blocks of a contract have different names.

    All blocks of all files make one service, so they carry one name; `shop` and `shop-api` are two.
    """


@page("duplicate-syntax")
def duplicate_syntax() -> None:
    """`syntax` stands twice in one file. Remove one of the two."""


@page("other-syntax")
def other_syntax() -> None:
    """An imported file has another `syntax` than the file that imports it.

    A file without the line counts as `"v1"`. Use one version in all files.
    """


@page("duplicate-info")
def duplicate_info() -> None:
    """`info`, or a key in it, stands twice. Remove one of the two."""


@page("duplicate-type")
def duplicate_type() -> None:
    """Two types have one name.

    All files of a contract share one namespace of types, whatever imports what. Rename one of them. goctl misses
    the second when both stand at the same line and column of files with equal names; mallgen does not, since the Go
    code would not compile.
    """


@page("duplicate-field")
def duplicate_field() -> None:
    """A struct has two fields of one name. Rename one of them; goctl reads it, and the Go code does not compile."""


@page("duplicate-key")
def duplicate_key() -> None:
    """Two fields of a type are read from the same place.

        Inviter   string `json:"inviter"`
        InviterId int64  `json:"inviter"`

    Only the first is kept. Give the other a name of its own.
    """


@page("duplicate-handler")
def duplicate_handler() -> None:
    """Two routes of one group have the same handler.

    A handler is a file: the second route would have none of its own. Rename one, or put the routes into different
    groups.
    """


@page("duplicate-route")
def duplicate_route() -> None:
    """One method and path stands twice.

    Prefixes are joined before paths are compared: `/x` below `prefix: /v1` is `/v1/x`. goctl compares the texts
    only and lets such a contract pass; the service panics at its start.
    """


@page("same-route")
def same_route() -> None:
    """Two routes differ only in the name of a path parameter.

    `/user/:id` and `/user/:name` match the same requests, and which one answers would be chance. Change one of the
    paths.
    """


@page("unknown-type")
def unknown_type() -> None:
    """A name is used as a type, and no file of the contract declares it.

    Declare it, import the file that does, or correct the spelling. Base types are bool, string, byte, rune, int,
    int8 … int64, uint, uint8 … uint64, float32, float64 and `interface{}`.
    """


@page("embedded-base-type")
def embedded_base_type() -> None:
    """A base type stands alone on its line, as if embedded.

    goctl reads it as an embedded type. A base type has no fields, so nothing is read or written. Give the field a
    name:

        Name string `json:"name"`
    """


@page("bad-tag")
def bad_tag() -> None:
    """A tag cannot be understood.

    A tag is made of `key:"name,option"`, one for each source:

        Page int64 `form:"page,default=1,range=[1:100]"`

    goctl reads the contract all the same; its generators panic, or every request is refused at run time. Go reads a
    tag up to what is not `key:"value"`, with spaces between: behind a comma, a tab or a line end it reads nothing.
    So does mallgen, and warns: in `json:"id", optional"` the field stays required.
    """


@page("no-json-form")
def no_json_form() -> None:
    """Complex numbers have no JSON form.

    goctl reads the type; encoding/json fails on every answer that has one. Use two float64 fields.
    """


@page("bad-prefix")
def bad_prefix() -> None:
    """A `prefix` is not a path.

    Write letters, digits, `-`, `_`, `.` and `/`, in quotation marks when there is more than one hyphen or a dot:
    `prefix: "/shop/v1.0"`.
    """


@page("bad-group")
def bad_group() -> None:
    """A `group` is not a folder below the package.

    Write names with `/` between them: `group: user/admin`.
    """


@page("bad-jwt")
def bad_jwt() -> None:
    """`jwt` names the block of settings that holds the secret: a name such as `Auth`."""


@page("bad-jwttransition")
def bad_jwttransition() -> None:
    """`jwtTransition` names the block of settings that holds both secrets: a name such as `AuthTransition`."""


@page("bad-middleware")
def bad_middleware() -> None:
    """`middleware` lists names: `middleware: Audit, Limit`."""


@page("bad-timeout")
def bad_timeout() -> None:
    """`timeout` is not a duration. Write `timeout: 3s` or `timeout: 500ms`."""


@page("bad-max-bytes")
def bad_max_bytes() -> None:
    """`maxBytes` is not a whole number of bytes. Write `maxBytes: 1048576`."""


@page("http-option")
def http_option() -> None:
    """A method of a proto has `option (google.api.http)`, which makes no HTTP route here.

    grpc-gateway and go-zero's gateway read it. HTTP routes come from a `.api`: write one, and name the RPC service in
    its `uses` in mallgen.toml. The RPC itself is generated as without the option.
    """


@page("sse")
def sse() -> None:
    """Server-sent events are read, but not generated yet.

    Leave out `sse: true`, or keep the group in a contract of its own.
    """


@page("bad-sse")
def bad_sse() -> None:
    """`sse` is neither `true` nor `false`. goctl takes every word but `true` for false; leave the key out instead."""


@page("bad-signature")
def bad_signature() -> None:
    """`signature` is neither `true` nor `false`.

    goctl takes every word but `true` for false, so `signature: yes` makes routes that answer everybody. Leave the key
    out, if that is meant.
    """


@page("signature")
def signature() -> None:
    """Signatures of requests are read, but not checked yet.

    goctl makes of `signature: true` routes that refuse unsigned requests. Routes without that would answer everybody,
    so nothing is generated. Leave the key out, and keep the service behind one that checks signatures.
    """


@page("sse-response")
def sse_response() -> None:
    """A route below `sse: true` has no response.

    Its type is the type of one event: `get /events returns (Event)`.
    """


@page("unknown-option")
def unknown_option() -> None:
    """A tag has an option that looks like a known one, misspelt.

    go-zero ignores options that it does not know, so `optinal` leaves the field required. The options are optional,
    default, options, range, string and omitempty; `limit` is mallgen's own.
    """


@page("unused-setting")
def unused_setting() -> None:
    """A setting of go-zero's has no effect in a service of mallgen's, or another than expected.

    What protects is refused by the service, too, which does not start: CertFile and KeyFile, Signature, Auth and
    StrictControl. What only observes is warned of once, when the service starts: Prometheus, Telemetry, DevServer of a
    BFF. Remove the key, or do what the message says. docs/settings.md has all of them.
    """


@page("bad-settings")
def bad_settings() -> None:
    """A file of settings is not YAML. The service would not start with it."""


@page("unknown-setting")
def unknown_setting() -> None:
    """`@server` has a key that is none, or settings have one.

    goctl keeps keys that it does not know and does nothing with them, so `middlewares` runs no middleware. The keys are
    prefix, group, jwt, jwtTransition, signature, middleware, timeout, maxBytes, sse, tags, summary, authType and
    pathPrefix. One that looks like jwt, jwtTransition, signature, middleware, timeout or maxBytes is an error where
    code is generated: the routes would go without what was asked for.

    In a yaml below etc/ it is a key that no class of the settings has: misspelt, of go-zero's and without an effect
    here, or yours, and then config.py needs a field for it. docs/settings.md has all of them.
    """
