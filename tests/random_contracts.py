"""Random contracts that use the whole language, with hostile names and texts."""

import string
from typing import NamedTuple

from hypothesis import strategies as st

# words with a meaning in Python, in the standard library, or in the code that mallgen writes
HOSTILE = """
 AccessSecret Always And Annotated Any ApiError App As AsString Async Asyncio Await Base64 BaseConfig
BaseContext Body Bool Boolean Bytes Class Config Context Continue Copy Create_app Ctx Def Del Dict Done Empty
Enum Errors Except Exec Field Finally Float Float32 Form Format From Global Handle Handler Header Host Id If
Import In Init Int Int64 Is Json JwtConf Keys Lambda Len Limit List Log Logic Match Max MaxBytes Middleware
Mode Name Next None Not NotImplementedError NotNull Object Open Options Or Params Pass Path Port Print
Property Raise Range Read_form Req Request Response Return ROUTES Route Run RuntimeContext Self Serve
ServiceBase ServiceContext Set Shutdown Str String Struct Super Svc Test Time Timeout Together True Try Tuple
Type Types TypeVar Typing UInt64 UNSET UnsetType Values Wait While With Without Yield Zero Zero_list __init__
__slots__ _ _x __dict__ class none self id match json field ctx svc req str int_ list_ x1 X_Y HTTPServer
userID iOS A1b2
""".split()
GROUPS = """get_handler handle_logic/x
a user/admin class json types/asyncio logging mallgen_runtime schemas handler logic/logic a-b c_d/e None
self/Self Deep/er/Still
""".split()
SERVICES = "mall-api greet json none class-api self-api type match-api id x_api a-b logging-api Asyncio".split()
METHODS = ("get", "post", "put", "delete", "patch", "head", "options")
NUMBERS = (
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "byte",
    "rune",
)
KEYS = ("a", "class", "a-b", "a_b", "名字", "$ref", "a.b", "None", "{{x}}", "%s", "'", "A", "é", "#", "0", "a b")
TEXTS = (
    *('"""', "\\", "'''", "{{7*7}}", "{% x %}", "%s %d {0}", "$(id) `id`", "type: ignore"),
    *("noqa", "fmt: off", "fmt: skip"),
    *("商品列表" * 30, "x" * 200, "' + exec('x') + '", "ends with a \\", 'ends with "', "", " "),
    *("\t", "<script>", "#!"),
    *("é\u0301", "name: x", "->", "a\\nb", "\\N{DASH}", "\\u0041", "Returns:", ">>> x", "- a", "isort: skip_file"),
)

_LOWER, _UPPER = string.ascii_lowercase, string.ascii_uppercase
WORDS = st.one_of(
    st.sampled_from(HOSTILE),
    st.tuples(
        st.sampled_from(_UPPER),
        st.text(_LOWER, min_size=1, max_size=5),
        st.text(_UPPER, max_size=1),
        st.text(_LOWER, max_size=4),
        st.text(string.digits, max_size=1),
    ).map("".join),
)


def words(least: int, most: int) -> st.SearchStrategy[list[str]]:
    """Return lists of words that differ in more than case and underscores."""
    return st.lists(WORDS, min_size=least, max_size=most, unique_by=lambda word: word.lower().replace("_", ""))


# made once, because to make a strategy takes longer than to draw from it
FIELD_NAMES, TYPE_NAMES, HANDLERS = words(0, 6), words(1, 5), words(1, 3)
TEXT = st.one_of(
    st.sampled_from(TEXTS),
    st.text(
        st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"), exclude_characters="`"),
        max_size=30,
    ),
)


class Field(NamedTuple):
    """One line of a struct."""

    names: str
    kind: str
    tag: str
    note: str

    def line(self) -> str:
        """Return the line as it is written in a contract."""
        tag = f" `{self.tag}`" if self.tag else ""
        return f"{self.names} {self.kind}{tag} // {self.note}".replace("\n", " ")


# of a type, each shape as likely: the scalar S, another type T, a declared type D and the key K stand for themselves
SHAPES = ("S", "[]T", "interface{}", "[]byte", "map[K]T", "[3]T")
OF_DECLARED = ("*D", "[]*D", "D", "map[string]*D")
SCALARS = st.sampled_from((*NUMBERS, "string", "string", "bool"))
FLAT = st.sampled_from((*NUMBERS, "string", "[]int64", "[]string", "*int32"))
MAP_KEYS = st.sampled_from(("string", "int64", "uint8"))


def kinds(draw: st.DrawFn, declared: list[str], depth: int = 0) -> str:
    """Draw a type that may contain any declared one."""
    if depth > 2:
        return str(draw(SCALARS))
    shapes = (*SHAPES, *(OF_DECLARED if declared else ()), *(("*S",) if depth == 0 else ()))
    shape: str = draw(st.sampled_from(shapes))
    start, found = shape[:-1], shape[-1]
    if found == "S":
        return f"{start}{draw(SCALARS)}"
    if found == "D":
        return f"{start}{draw(st.sampled_from(declared))}"
    if found == "T":
        start = start.replace("K", draw(MAP_KEYS)) if "K" in start else start
        return start + kinds(draw, declared, depth + 1)
    return shape


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _plain(text: str) -> str:
    """Replace quotation marks, because texts of the language have no escapes."""
    return text.replace('"', "'")


def options(draw: st.DrawFn, kind: str, source: str) -> str:
    """Draw the options behind the key of a tag."""
    base = kind.lstrip("*")
    found = []
    number = base in NUMBERS
    if number and draw(st.booleans()):
        found.append(
            draw(
                st.sampled_from(
                    (
                        "default=7",
                        "range=[1:9]",
                        "range=(0:9)",
                        "default=3,range=[1:]",
                        "default=2,limit=[1:9]",
                        "options=1|2|3",
                    )
                )
            )
        )
    elif base == "string" and draw(st.booleans()):
        found.append(
            draw(
                st.sampled_from(
                    (
                        "default=x",
                        "options=a|b",
                        "options=[a,b]",
                        "default={{x}}",
                        "default='",
                        "options='|\\\\",
                        "default=a b",
                    )
                )
            )
        )
    if not any("default" in option for option in found) and draw(st.booleans()):
        found.append("optional")
    if source == "json" and draw(st.integers(0, 5)) == 0:
        found.append(draw(st.sampled_from(("omitempty", "string", "unknown=1"))))
    return "".join(f",{option}" for option in found)


def tags(draw: st.DrawFn, kind: str, key: str, sources: tuple[str, ...]) -> str:
    """Draw the tag of a field."""
    if not sources:
        return ""
    source = draw(st.sampled_from(sources))
    if source == "path":
        return f'path:"{key}"'
    tag = f'{source}:"{_escaped(key)}{options(draw, kind, source)}"'
    if source == "json" and "form" in sources and draw(st.integers(0, 7)) == 0:
        tag += f' form:"{_escaped(key)},optional"'
    return tag


def structs(draw: st.DrawFn, declared: list[str], sources: tuple[str, ...]) -> list[str]:
    """Draw the lines of one struct."""
    names = draw(FIELD_NAMES)
    lines = []
    for number, field in enumerate(names):
        flat = sources != ("json",)
        is_any = not flat or draw(st.integers(0, 3)) == 0
        kind = kinds(draw, declared) if is_any else draw(FLAT)
        key = f"{field if draw(st.booleans()) else draw(st.sampled_from(KEYS))}{number}"
        lines.append(Field(field, kind, tags(draw, kind, key, sources), draw(TEXT)).line())
    if sources == ("json",) and draw(st.integers(0, 4)) == 0:
        lines += [
            "Nested struct_ {".replace("struct_ ", ""),
            '\tDeep int32 `json:"deep"`',
            '} `json:"nested,optional"`',
        ]
    if declared and draw(st.integers(0, 3)) == 0:
        lines.append(draw(st.sampled_from(declared)))
    return lines


def servers(draw: st.DrawFn) -> list[str]:
    """Draw the lines of an `@server` block."""
    lines = []
    if draw(st.booleans()):
        lines.append(f"prefix: {draw(st.sampled_from(('/v1', '/a/b', '/a-b', '/v1/v2_x')))}")
    if draw(st.integers(0, 3)):
        lines.append(f"group: {draw(st.sampled_from(GROUPS))}")
    auth = draw(
        st.sampled_from(("", "jwt: Auth", "jwtTransition: Trans", "jwt: Other", "jwt: None", "jwtTransition: Other"))
    )
    lines += [auth] if auth else []
    for line in (
        "middleware: Audit, RateLimit",
        "middleware: Class, Json, None",
        "timeout: 3s",
        "maxBytes: 2048",
        "maxParts: 20",
        "maxPartBytes: 1024",
        "unknown: x",
    ):
        if draw(st.integers(0, 3)) == 0 and not any(line.split(":")[0] in known for known in lines):
            lines.append(line)
    return ["@server (", *(f"\t{line}" for line in lines), ")"]


@st.composite
def contracts(draw: st.DrawFn) -> str:
    """Draw the text of a contract; most are valid, some have names that collide, which mallgen must report."""
    names = draw(TYPE_NAMES)
    lines = ['syntax = "v1"', "", "info (", f'\ttitle: "{_plain(draw(TEXT))}"', ")", ""]
    declared: list[str] = []
    for name in names:
        lines += [f"// {draw(TEXT)}".replace("\n", " ")]
        lines += [f"type {name} {{", *(f"\t{line}" for line in structs(draw, declared, ("json",))), "}", ""]
        declared.append(name)
    requests = []
    for number in range(draw(st.integers(1, 3))):
        name = f"Request{number}"
        sources = draw(
            st.sampled_from((("json",), ("form",), ("form", "json", "header"), ("form", "header"), ("json", "header")))
        )
        path = ['\tID int64 `path:"id"`'] if draw(st.booleans()) else []
        fields = [
            f"\t{line}" for line in structs(draw, declared, sources) if not line.lower().startswith(("id ", "_ "))
        ]
        lines += [f"type {name} {{", *path, *fields, "}", ""]
        requests.append((name, bool(path)))
    service = draw(st.sampled_from(SERVICES))
    count = 0
    for _ in range(draw(st.integers(1, 3))):
        lines += servers(draw)
        lines += [f"service {service} {{"]
        for handler in draw(HANDLERS):
            count += 1
            asked: tuple[str, bool] = draw(st.sampled_from([*requests, ("", False)]))
            request, has_path = asked
            response = draw(
                st.sampled_from(
                    ["", *declared, *(f"[]{d}" for d in declared), *(f"[]*{d}" for d in declared), "[]string"]
                )
            )
            route = f"/r{count}" + ("/:id" if has_path else "")
            if draw(st.booleans()):
                lines.append(f'\t@doc "{_plain(draw(TEXT))}"')
            given = f" ({request})" if request else ""
            answer = f" returns ({response})" if response else ""
            lines += [f"\t@handler {handler}", f"\t{draw(st.sampled_from(METHODS))} {route}{given}{answer}", ""]
        lines += ["}", ""]
    return "\n".join(lines)
