"""A kind for files of `name,price` rows: a module with the prices, and a user file for each cost."""

import csv
from pathlib import Path

from mallgen.diagnostics import Diagnostic
from mallgen.emit import Emitted
from mallgen.kinds.kind import Kind
from mallgen.kinds.target import Made, Target, made
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.output.signature import Param, Signature
from mallgen.python.code import PyIdent, code
from mallgen.python.layout import literal
from mallgen.text.span import Span


def make(target: Target, prove: bool) -> Made:
    """Make a module of prices, one that prints them, and for each price a function that the user writes."""
    path, package = target.contract, PyIdent(Path(target.contract).stem)
    text = Path(path).read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    wrong = tuple(
        Diagnostic("bad-tag", f"`{row[1]}` is no price", Span(path, number, 1, number, 2), "write a number")
        for number, row in enumerate(rows, 2)
        if not row[1].isdecimal()
    )
    if wrong:
        return Made("", "", (), wrong, {path: text})
    prices = {name: int(price) for name, price in rows}
    listed = f'"""Prices."""\n\n{code("PRICES = {}", literal(prices))}\n'
    files = [
        File(f"{package}/prices.py", listed, Owner.ALWAYS, Role("prices")),
        File(
            f"{package}/__main__.py",
            f"from {package}.prices import PRICES\n\nprint(PRICES)\n",
            Owner.ALWAYS,
            Role("main"),
        ),
    ]
    for number, name in enumerate(prices, 2):
        head = Signature(
            f"{name}_cost",
            (Param("amount", target.option("unit")[0] if target.option("unit") else "int"),),
            "int",
            (),
            number,
        )
        stub = f"def {name}_cost(amount: {head.params[0].annotation}) -> int:\n    raise NotImplementedError\n"
        span = Span(path, number, 1, number, 2)
        files.append(File(f"{package}/{name}_cost.py", stub, Owner.ONCE, Role("logic", name), span, head))
    return made(f"{package}: {len(prices)} prices", Emitted(tuple(files), ()), (), {path: text})


KIND = Kind("prices", (".csv",), make, options=("unit",))
