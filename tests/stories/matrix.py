"""Each style of hand-written code meets each change of a signature."""

from tests.stories.driver import Story


def matrix(
    s: Story, request: str = "Ask", returns: str = "Answer", handler: str = "H", group: str = "", types: str = ""
) -> None:
    """Write a contract of twelve routes, two for each style, all alike."""
    types = types or "Ask,Answer"
    ask, answer = types.split(",")
    lines = [
        'syntax = "v1"',
        "",
        "type (",
        f"\t{ask} {{",
        '\t\tA string `form:"a,optional"`',
        '\t\tB int64 `form:"b,optional"`',
        "\t}",
    ]
    lines += [f"\t{answer} {{", '\t\tC string `json:"c"`', "\t}", ")", ""]
    lines += ["@server (", f"\tgroup: {group}", ")"] if group else []
    lines += ["service m-api {"]
    for number in range(12):
        asked = f" ({request})" if request else ""
        answered = f" returns ({returns})" if returns else ""
        lines += [f"\t@handler {handler}{number}", f"\tget /r{number}{asked}{answered}", ""]
    s.write("m.api", "\n".join([*lines, "}", ""]))


def story_matrix(s: Story) -> None:
    """Change the signatures of all styles, one change after the other."""
    matrix(s)
    assert not s.run("api", "py", "-api", "m.api", "-dir", ".", "-q").code
    s.implement()
    for path in sorted((s.root / "m_api/handler").glob("h?_handler.py")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("    return await", "    print(ctx)  # ours\n    return await"), encoding="utf-8")
    yaml = s.root / "etc/m-api.yaml"
    yaml.write_bytes((yaml.read_bytes().rstrip() + b"\n# ours").replace(b"\n", b"\r\n"))
    s.step("nothing")
    for title, change in (
        ("a list", {"returns": "[]Answer"}),
        ("a text", {"returns": "string"}),
        ("no answer", {"returns": ""}),
        ("the answer is back", {}),
        ("no request", {"request": ""}),
        ("no request and a list", {"request": "", "returns": "[]*Answer"}),
        ("all is back", {}),
        ("renamed types", {"types": "Demand,Reply", "request": "Demand", "returns": "Reply"}),
        ("renamed back", {}),
        ("renamed request, a list", {"types": "Demand,Answer", "request": "Demand", "returns": "[]Answer"}),
        ("and back", {}),
        (
            "a very long name",
            {
                "types": "Ask,TheAnswerThatIsLongerThanAnyOtherAnswerEver",
                "returns": "TheAnswerThatIsLongerThanAnyOtherAnswerEver",
            },
        ),
        ("and back again", {}),
        ("other handlers", {"handler": "Other"}),
        ("a group", {"handler": "Other", "group": "g/deep"}),
        ("a group less deep and a list", {"handler": "Other", "group": "g", "returns": "[]Answer"}),
        ("as in the beginning", {}),
    ):
        matrix(s, **change)
        s.step(title)
