"""Renders schemas.py: the contract's types as msgspec structs."""

from msgspec import Struct

from mallgen.emit.http.fields import Declarer
from mallgen.emit.http.prose import prose
from mallgen.emit.http.shapes import Attribute, SchemaClass, Shapes
from mallgen.emit.http.typing import Spelling
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import WIDTH, Imports, comment, docstring, fold
from mallgen.python.names import Scope
from mallgen.python.render import Renderer
from mallgen.text.width import width

_INDENT = " " * 4


class ClassView(Struct, frozen=True):
    """One class as source text: its head, its docstring ("" for none) and its lines."""

    head: Code
    docstring: Code
    lines: tuple[Code, ...]


def schemas(shapes: Shapes, package: str, service: str, renderer: Renderer) -> str:
    """Return the text of schemas.py."""
    imports = Imports(package)
    imports.add("__future__", "annotations")
    taken = {shape.name for shape in shapes.ordered}
    taken |= {a.name for shape in shapes.ordered for a in shape.attributes}
    spelling = Spelling(imports, Scope(taken), PyIdent)
    declarer = Declarer(spelling)
    views = tuple(_class(shape, declarer, spelling) for shape in shapes.ordered)
    return renderer.python(
        "http/schemas.py",
        docstring=docstring([f"The types of {service}'s contract."], 0),
        imports=imports.lines(),
        classes=views,
    )


def _class(shape: SchemaClass, declarer: Declarer, spelling: Spelling) -> ClassView:
    omits = shape.omits
    base = spelling.name("Omitting" if omits else "Struct")
    lines = [line for a in shape.attributes for line in _lines(a, declarer.declaration(a, shape.on_wire, omits))]
    text = prose(shape.docs)
    if not text and not lines:
        text = [f"{shape.origin} has no fields."]
    return ClassView(
        head=Code(f"class {shape.name}({base}, kw_only=True):"),
        docstring=docstring(text, 4) if text else Code(),
        lines=tuple(lines),
    )


def _lines(attribute: Attribute, line: Code) -> list[Code]:
    above = [text for text in prose(attribute.field.docs) if text]
    aside = " ".join(prose([attribute.field.comment])) if attribute.field.comment else ""
    if aside and width(f"{_INDENT}{line}  {comment(aside)}") <= WIDTH:
        line = code("{}  {}", line, comment(aside))
    elif aside:
        above.append(aside)
    cut = [text for whole in above for text in fold(whole, WIDTH - 6)]
    return [*map(comment, cut), line]
