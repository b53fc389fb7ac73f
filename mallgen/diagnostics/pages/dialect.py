"""Pages about the older dialect: what goctl's first grammar read and today's goctl refuses."""

from mallgen.diagnostics.pages import page


@page("older-dialect-struct")
def struct() -> None:
    """The word `struct` stands in a type.

        type Item struct {      type Item {
            Id int64      →         Id int64
        }                       }

    `mallgen api fix -api F` shows the change, `--write` applies it.
    """


@page("older-dialect-value")
def value() -> None:
    """A value of `info`, `@doc (…)` or `@server` has no quotation marks.

    Today a value is a text in quotation marks or one word; `@server` also takes numbers, durations, lists and
    plain paths. No value at all is written `""`.

        title: my shop      →   title: "my shop"
        prefix: /v1.0       →   prefix: "/v1.0"

    `mallgen api fix -api F` shows the change, `--write` applies it.
    """


@page("older-dialect-doc")
def doc() -> None:
    """The text of `@doc` stands in brackets.

        @doc("one item")    →   @doc "one item"

    `mallgen api fix -api F` shows the change, `--write` applies it.
    """


@page("older-dialect-handler")
def handler() -> None:
    """The handler of a route is named by `@server`.

        @server (
            handler: GetItem    →   @handler GetItem
        )

    `mallgen api fix -api F` shows the change, `--write` applies it.
    """


@page("older-dialect-service-name")
def service_name() -> None:
    """The name of a service has hyphens of its own.

    Today `-api` at the end is the only one. The others become `_`, which keeps the name of the Python package:

        service my-shop-api {   →   service my_shop-api {

    The name of the settings file, etc/NAME.yaml, follows the service: rename it when the service was generated before.
    """


@page("older-dialect-unsafe")
def unsafe() -> None:
    """Something of the older dialect has no modern spelling that surely means the same.

    `mallgen api fix` leaves the whole file alone until you have decided: settings of a single route need a
    `service` block of their own, `//` behind an unquoted text may be text or a comment, today's texts hold no `\\"`.
    """
