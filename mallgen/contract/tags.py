"""Parser from the tag of a field to bindings, by the rules of go-zero's core/mapping.

A tag is `source:"key,option,…"` one or more times. go-zero ignores unknown options, and so does mallgen.
The option `limit` is mallgen's own: a number outside its bounds is replaced by the default instead of refused.
"""

import math
import re
from collections.abc import Iterator
from functools import lru_cache

from mallgen.model import Binding, Bounds

OPTIONS = ("optional", "default", "options", "range", "limit", "string", "omitempty", "inherit")
SOURCES = ("path", "form", "header", "json")
_NESTING = re.compile(r"[\[\](){}\\]")
_PART = re.compile(r' *([^\x00- :"\x7f]+):"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r'\\(?:([abfnrtv\\"])|x([0-7][0-9a-fA-F])|([01][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)')
_PLAIN = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))
_BOUNDS = re.compile(r"^([\[(])\s*([-+0-9.eE]*)\s*:\s*([-+0-9.eE]*)\s*([\])])$")


_ONE_LINE = 'write the whole tag on one line, with one space between its parts: `json:"a" form:"b"`'


class TagError(Exception):
    """A tag that cannot be read: the message and the hint that the user sees."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@lru_cache(maxsize=1 << 16)  # many fields of a contract are tagged alike
def parse_tag(tag: str, name: str) -> tuple[Binding, ...]:
    """Return the bindings of a tag with its back-quotes, in the order path, form, header, json.

    A field without a source tag is bound to json under its own name, as in encoding/json. When a source occurs twice,
    the first one counts, as in Go. Raises TagError for a tag that is not made of `key:"value"`, and for bounds that
    make no sense.
    """
    pairs, rest = _pairs(tag.strip("`"))
    if rest and not pairs:
        raise TagError(f"`{_short(rest)}` is not a tag", 'write it as `json:"name,option"`')
    bindings: dict[str, Binding] = {}
    hidden: set[str] = set()
    for source, quoted in pairs:
        if source not in SOURCES or source in bindings or source in hidden:
            continue
        binding = _binding(source, _unquoted(source, quoted), name)
        if binding.key == "-":
            hidden.add(source)
        else:
            bindings[source] = binding
    if not bindings and "json" not in hidden:
        bindings["json"] = Binding("json", name)
    return tuple(bindings[source] for source in SOURCES if source in bindings)


@lru_cache(maxsize=1 << 12)
def validate_of(tag: str) -> str:
    """Return the value of `validate` in a tag with its back-quotes, "" without one or with one that Go cannot read."""
    return value_of(tag, "validate")


def value_of(tag: str, name: str) -> str:
    """Return the value of a name in a tag with its back-quotes, "" without one or with one that Go cannot read."""
    if name not in tag:
        return ""
    try:
        found = (_unquoted(source, text) for source, text in _pairs(tag.strip("`"))[0] if source == name)
        return next(found, "")
    except TagError:
        return ""


def unread(tag: str) -> Iterator[tuple[str, str]]:
    """Yield message and hint for each part of a tag that Go does not read, when it reads the tag in part.

    reflect.StructTag.Lookup stops at whatever is not `key:"value"` with spaces between, a line end included.
    """
    pairs, rest = _pairs(tag.strip("`"))
    if rest and pairs:
        source, value = pairs[-1]
        inside = f'`{source}:"{value},{_short(rest).strip(", " + chr(34))}"`'
        hint = f"options stand inside the quotation marks: {inside}" if rest[0] == "," else _ONE_LINE
        yield f"`{_short(rest)}` is not read: Go stops there", hint
    names = [source for source, _ in pairs]
    for source in SOURCES:
        if names.count(source) > 1:
            yield f"`{source}` stands twice in this tag, and the first counts", "remove one"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _pairs(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return the (source, value) pairs that Go's reflect reads, values still escaped, and the unread rest."""
    pairs: list[tuple[str, str]] = []
    pos = 0
    while match := _PART.match(text, pos):
        pairs.append((match[1], match[2]))
        pos = match.end()
    return pairs, text[pos:].strip()


def _unquoted(source: str, text: str) -> str:
    """Return the value as Go's strconv.Unquote does; raise TagError where Go would take the source for absent."""
    if "\n" in text:
        raise TagError(f"the value of `{source}` has a line end in it", "write a tag on one line")
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    plain, *numbers = match.groups()
    if plain:
        return _PLAIN[plain]
    digits = next(filter(None, numbers), "")
    code = int(digits, 8 if match[3] else 16) if digits else -1
    if code < 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise TagError("the tag has an escape that Go does not know", "a backslash is written `\\\\` in a tag")
    return chr(code)


def split_options(value: str) -> list[str]:
    """Split at commas outside brackets; a backslash takes the next character literally."""
    if not _NESTING.search(value):
        return [part.strip() for part in value.split(",")]
    parts: list[list[str]] = [[]]
    depth, escaped = 0, False
    for char in value:
        if escaped:
            parts[-1].append(char)
            escaped = False
        elif char == "\\" and depth == 0:
            escaped = True
        elif char == "," and depth == 0:
            parts.append([])
        else:
            depth += (char in "[(") - (char in "])")
            depth = max(depth, 0)
            parts[-1].append(char)
    return ["".join(part).strip() for part in parts]


def _binding(source: str, value: str, name: str) -> Binding:
    key, *options = split_options(value)
    settings: dict[str, object] = {}
    unknown = []
    for option in options:
        meaning = _option(option)
        settings.update(meaning)
        if not meaning:
            unknown.append(option)
    if unknown:
        settings["unknown"] = tuple(unknown)
    return Binding(source, key or name, **settings)  # type: ignore[arg-type]


def _option(option: str) -> dict[str, object]:
    word, equals, value = option.partition("=")
    if word in {"string", "omitempty"}:
        return {word: True}
    if word.startswith("optional"):
        return {"optional": True, "depends": value.strip()}
    if word.startswith("default"):
        if not equals or "=" in value:
            raise TagError(f"`{option}` has no single value", "write `default=20`")
        return {"default": value.strip()}
    if word.startswith("options"):
        return {"options": _choices(value)}
    if word in {"range", "limit"}:
        return {word: parse_bounds(word, value.strip())}
    return {}


def _choices(value: str) -> tuple[str, ...]:
    text = value.strip()
    if text.startswith("[") and text.endswith("]"):
        return tuple(part.strip() for part in text[1:-1].split(","))
    return tuple(part.strip() for part in text.split("|"))


def parse_bounds(word: str, value: str) -> Bounds:
    """Parse an interval such as `[1:50]`, `(0:1]` or `[1:]`; raise TagError when no number could be inside."""
    match = _BOUNDS.match(value)
    way_out = f"write `{word}=[1:50]`; one side may be left out, `(` and `)` exclude the bound"
    if match is None:
        raise TagError(f"`{word}={value}` is not an interval", way_out)
    low, high = _number(match[2], word, value), _number(match[3], word, value)
    open_low, open_high = match[1] == "(", match[4] == ")"
    if low is None and high is None:
        raise TagError(f"`{word}={value}` has no bound", way_out)
    if low is not None and high is not None and (low > high or (low == high and (open_low or open_high))):
        raise TagError(f"no number is inside `{word}={value}`", "put the smaller bound first")
    return Bounds(low, high, open_low, open_high)


def _number(text: str, word: str, value: str) -> int | float | None:
    if not text:
        return None
    try:
        number = int(text) if re.fullmatch(r"[-+]?\d{1,40}", text) else float(text)
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise TagError(f"`{text}` in `{word}={value}` is not a number", f"write `{word}=[1:50]`")
    return number
