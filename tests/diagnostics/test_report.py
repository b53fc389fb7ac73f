"""Code frames: the carets are exactly below what they mark, whatever characters the line has."""

from hypothesis import given
from hypothesis import strategies as st

from mallgen.diagnostics import Diagnostic
from mallgen.diagnostics.terminal import Reporter
from mallgen.text.span import Span
from mallgen.text.width import width

PIECES = st.lists(
    st.sampled_from(["\t", "a", "商品", "é", "｛", " ", "\u202e", "\x07", "x" * 90, "用" * 90]), max_size=8
)


def frame(line: str, start: int, end: int) -> tuple[str, str]:
    """Return the line as it is shown and the carets below it, both without their margins."""
    problem = Diagnostic("syntax", "m", Span("a.api", 1, start + 1, 1, end + 1))
    lines = Reporter({"a.api": line}, color=False).one(problem).split("\n")
    return lines[3].removeprefix("1 |")[1:], lines[4].removeprefix("  |")[1:]


@given(PIECES.map("".join), st.sampled_from(["X", "XYZ", "名", "名字"]), PIECES.map("".join))
def test_carets_stand_below_the_mark(before: str, mark: str, after: str) -> None:
    shown, carets = frame(f"{before}{mark}{after}", len(before), len(before) + len(mark))
    column = len(carets) - len(carets.lstrip(" "))
    position = next(i for i in range(len(shown)) if width(shown[:i]) == column and shown.startswith(mark, i))
    assert len(carets.strip()) == width(mark), position
    assert width(shown) <= 6 * 160
    assert shown.isprintable()


def test_a_very_long_line_is_shown_around_the_mark() -> None:
    shown, carets = frame("a" * 5000 + "X" + "b" * 5000, 5000, 5001)
    assert len(shown) < 170
    assert shown[len(carets) - 1] == "X"
    assert shown[0] == shown[-1] == "…"
