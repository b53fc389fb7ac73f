"""Pages about what cannot be read as the .api language."""

from mallgen.diagnostics.pages import page


@page("syntax")
def syntax() -> None:
    """Something stands where the language expects something else.

    The message names what could stand there. The statements are syntax, info, import, type, @server and service:

        syntax = "v1"

        type Hello {
            Name string `form:"name"`
        }

        @server (
            prefix: /v1
        )
        service greet-api {
            @doc "says hello"
            @handler Greet
            get /greet (Hello) returns (Hello)
        }

    One mistake can hide others behind it: correct the first of a statement and run again.
    """


@page("unclosed")
def unclosed() -> None:
    """A bracket is opened and never closed.

    The note shows where it was still open: at the beginning of the next statement, or at the end of the file.
    """


@page("unfinished-string")
def unfinished_string() -> None:
    """A text in quotation marks has no closing one.

    Texts know no escapes: `\\"` ends the text, as in goctl. Use back-quotes in `info` and `@doc (…)` for a text
    with quotation marks.
    """


@page("unfinished-tag")
def unfinished_tag() -> None:
    """A tag has no closing back-quote.

    Name string `json:"name"`
    """


@page("unfinished-comment")
def unfinished_comment() -> None:
    """A comment that begins with `/*` has no closing `*/`.

    Comments cannot be nested: the first `*/` ends them all.
    """


@page("comment-ends-early")
def comment_ends_early() -> None:
    """A `/* … */` comment ends before its `*/`.

    goctl ends such a comment at the first `/` behind any `*`, so `/* a * b, see x/y */` ends in the middle of
    `x/y`. mallgen reads the file as goctl does. Write `//` comments, or leave out the slash or the star.
    """


@page("illegal-character")
def illegal_character() -> None:
    """A character that the language does not know.

    Names are made of A-Z, a-z, 0-9 and `_`. Letters that only look like these (Cyrillic, full width) cannot be
    used; Chinese and other text belongs in quotation marks or in a comment.
    """


@page("invisible-character")
def invisible_character() -> None:
    """A comment or text has characters that change how it is shown.

    Marks for right-to-left text, zero-width and control characters can make a contract look different from what it
    says (CVE-2021-42574). goctl reads them as text. Remove them unless the text needs them. Where a name is written
    they are errors: see `illegal-character` and `invisible-name`.
    """


@page("invisible-name")
def invisible_name() -> None:
    """A name in a tag has a character that nobody sees.

    goctl copies the tag, and clients would have to send the character: `json:"id"` with a zero-width or no-break
    space behind `id` is another name than `id`. Code is not generated from such a contract. Delete the character, or
    write the tag anew.
    """


@page("bad-duration")
def bad_duration() -> None:
    """Digits and letters that are neither a number nor a duration.

    Durations list their units from large to small, each at most once: `1h30m`, `3s`, `500ms`. Units are h, m, s,
    ms, µs and ns. In a path a segment may not begin with digits and a unit: `/2nd` cannot be written, `/second`
    can.
    """


@page("unknown-annotation")
def unknown_annotation() -> None:
    """There are three annotations: @doc, @handler and @server.

    They are written in small letters, with a space behind them: `@handler Greet`.
    """


@page("unknown-method")
def unknown_method() -> None:
    """The word before the path is not an HTTP method.

    Methods are written in small letters: get, head, post, put, patch, delete, connect, options, trace.
    """


@page("service-name")
def service_name() -> None:
    """A service's name is one word, with `-api` behind it if you like.

    goctl knows no other hyphen: write `user_center` or `user_center-api` for `user-center`.
    """


@page("list-request")
def list_request() -> None:
    """A request is a list.

    Requests are read field by field from path, query, headers and body. Declare a struct that has the list as a
    field.
    """


@page("any-type")
def any_type() -> None:
    """A field is of type `any`.

    goctl refuses `any` as the type of a field. Write `interface{}` for any JSON value, or name the type.
    """


@page("empty-struct")
def empty_struct() -> None:
    """A struct written in place has no field.

    Declare an empty type and use its name: `type Empty {}`.
    """


@page("nested-struct")
def nested_struct() -> None:
    """A list, an array or a map holds a struct that is written in place.

    type Item {
        Name string `json:"name"`
    }

    type Page {
        Items []Item `json:"items"`
    }
    """


@page("open-array")
def open_array() -> None:
    """`[...]` has no length that could be counted.

    Write `[]T` for a list of any length, or `[8]T` for eight values.
    """


@page("map-key")
def map_key() -> None:
    """A map's key must be a plain type.

    Keys are texts in JSON: use `string` or a whole number. Other types as keys can be read, but not be generated.
    """


@page("not-a-struct")
def not_a_struct() -> None:
    """A type is declared that is not a struct.

    The language reads aliases and then refuses them. Use the type itself, or a struct:

        type IDs {
            Values []int64 `json:"values"`
        }
    """
