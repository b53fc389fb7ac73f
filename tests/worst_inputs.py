"""Inputs that a slow reader would take long for, each made of `n` equal pieces."""

from collections.abc import Callable

Make = Callable[[int], str]
GOOD = "service a-api {\n\t@handler Greet\n\tget /greet\n}\n"


def _each(piece: str, head: str = "", tail: str = "") -> Make:
    """Return a maker of `piece` repeated n times; `{}` in it becomes a number."""
    return lambda n: head + "".join(piece.replace("{}", str(i)) for i in range(n)) + tail


def _tag(piece: str, tail: str = '"') -> Make:
    return lambda n: f'type A {{\n X int `json:"a{piece * n}{tail}`\n}}\n{GOOD}'


def _routes(piece: str) -> Make:
    return _each(piece, "service a-api {\n", "}\n")


def _fields(piece: str, head: str = "type A {\n") -> Make:
    return _each(piece, head, "}\n" + GOOD)


API: dict[str, Make] = {
    "quotes and backslashes": _each('"\\'),
    "one a line": _each('"\\\n'),
    "quotes": _each('"'),
    "texts": _each('"" '),
    "back-quotes": _each("`"),
    "open comments": _each("/*"),
    "open comments, spaced": _each("/* "),
    "slashes": _each("/ "),
    "comments": _each("/**/"),
    "comments behind a word": _each("/**/", "type A {\n X int ", "\n}\n" + GOOD),
    "comments on lines": _each("//a\n", "", GOOD),
    "suppressions": _each("// mallgen:ignore money-as-float because\n", "", GOOD),
    "settings that never end": _each('a ""\n', '@server ""\n'),
    "words in settings": _each("a ()\n", "@server ()\n"),
    "service": _each("service "),
    "services that open": _each("service {"),
    "type": _each("type "),
    "types without a body": _each("type A\n"),
    "info that opens": _each("info (\n"),
    "pairs": _each("k: a b c\n", "info (\n", ")\n" + GOOD),
    "a list": _each("a,\n", "info (\n k: ", "b: c\n)\n" + GOOD),
    "lists": _each("k: a,\n", "info (\n", "b: c\n)\n" + GOOD),
    "colons": _each("k: : :\n", "info (\n", ")\n" + GOOD),
    "pairs on one line": _each("k: a ", "info ( ", ")\n" + GOOD),
    "texts in pairs": _each('k: "\\" ', "info ( ", ")\n" + GOOD),
    "docs": _routes("@doc(\n summary: a b\n)\n@handler H{}\nget /a{}\n"),
    "docs that open": _routes("@doc(\n"),
    "handlers": _routes("@handler "),
    "settings of routes": _routes("@server(\n handler: H{}\n folder: x\n)\nget /a{}\n"),
    "settings of routes that open": _routes("@server(\n"),
    "structs": _fields("A{} struct {}\n"),
    "pointers to structs": _fields("A{} *struct {}\n"),
    "wrong fields": _fields("X{} = int\n"),
    "wrong fields behind a wrong head": _fields("X = 5\n", "type 5 {\n"),
    "wrong types": _each("A{} = {\n X = 5\n}\n", "type = (\n", ")\n" + GOOD),
    "wrong routes": _each("@handler H\nget a\n", "service 5 {\n", "}\n"),
    "wrong settings": _each("a: = b\n", "@server (\n", ")\n" + GOOD),
    "unknown options": _tag(",b"),
    "choices": _tag("|b", '"'),
    "escapes in a tag": _tag("\\\\"),
    "escapes that never end": _tag('\\"', ""),
    "brackets in a tag": _tag(",["),
    "pairs in a tag": lambda n: "type A {\n X int `" + 'json:"b" ' * n + "`\n}\n" + GOOD,
    "spaces in a tag": lambda n: "type A {\n X int `" + " " * n + "`\n}\n" + GOOD,
    "an interval": lambda n: 'type A {\n X int `json:"a,range=[1' + " " * n + '"`\n}\n' + GOOD,
    "equal fields": _fields("X int\n"),
    "equal types": _each("type A {}\n", "", GOOD),
    "equal routes": _routes("@handler H\nget /a\n"),
    "equal paths": _routes("@handler H{}\nget /a\n"),
    "parameters": _routes("@handler H{}\nget /:a{}/b\n"),
    "a long path": lambda n: "service a-api {\n@handler H\nget " + "/a-b" * n + "\n}\n",
    "services": _each("service a-api {\n@handler H{}\nget /a{}\n}\n"),
    "groups": _each("@server (\nprefix: /a\n)\nservice a-api {\n@handler H{}\nget /a{}\n}\n"),
    "middlewares": _each("A{}, ", "@server (\nmiddleware: ", "B\n)\n" + GOOD),
    "commas": _each("A,, ", "@server (\nmiddleware: ", "B\n)\n" + GOOD),
    "types that lead to types": lambda n: "".join(f"type T{i} {{\nA T{i + 1}\n}}\n" for i in range(n)) + GOOD,
    "unknown types": _fields("X{} Foo{}\n"),
    "unknown types that are nearly known": _each("type Abcdef{} {\nX Abcdeg{}\n}\n", "", GOOD),
    "annotations": _each("@abc "),
    "a long annotation": _each("a", "@"),
    "durations": _each("1h2m3s"),
    "digits": _each("9"),
    "dots": _each("."),
    "odd characters": _each("é "),
    "characters that nobody sees": _each("//\u202e\n", "", GOOD),
    "carriage returns": _each("\r"),
    "imports": _each('import "a.api"\n', "", GOOD),
    "imports on one line": _each('"a.api" ', "import "),
    "types in types that never end": _each("type A {}\n", "type A {\n" * 60),
    "closing brackets": _each("}\n"),
    "a long line": _each("X int; ", "type A { ", "}"),
    "returns": _each("returns ", "service a-api {\n@handler H\nget /a ", "\n}\n"),
    "hyphens": _each("a-", "service ", "api {\n}\n"),
}

PROTO: dict[str, Make] = {
    "imports on one line": _each('import"a.proto";', 'syntax="proto3";'),
    "import": _each("import "),
    "parts of one import": _each('"a" ', "import ", ";"),
    "open comments": _each("/* "),
    "quotes": _each('"\\'),
    "messages": _each("message A{} {}\n"),
    "closing brackets": _each("}"),
    "odd characters": _each("é "),
}

LOCK: dict[str, Make] = {
    "files": _each("file\ta.api\tsvc/a{}.py\tonce\tx\ty\n", "mallgen.lock 1\n"),
    "equal files": _each("file\ta.api\tsvc/a.py\tonce\tx\ty\n", "mallgen.lock 1\n"),
    "tabs": _each("\t", "mallgen.lock 1\nfile"),
    "escapes": _each("\\\\", "mallgen.lock 1\nfile\ta\t"),
    "markers of git": _each("<<<<<<< x\n=======\n>>>>>>> y\n", "mallgen.lock 1\n"),
}

TOML: dict[str, Make] = {
    "services": _each('[service.a{}]\ncontract = "a{}.api"\ndir = "a{}"\n'),
    "unknown uses": _each('"b{}", ', '[service.a]\ncontract = "a.proto"\ndir = "a"\nuses = [', "]\n"),
    "a path": _each("a/", '[service.a]\ncontract = "', '.api"\ndir = "a"\n'),
    "services of one folder": _each('[service.a{}]\ncontract = "a.api"\ndir = "a"\n'),
    "unknown keys": _each("k{} = 1\n", "[service.a]\n"),
    "unknown settings": _each("k{} = 1\n"),
    "empty lists": _each("[", "a = "),
    "dots": _each("a.", "", "b = 1\n"),
}
