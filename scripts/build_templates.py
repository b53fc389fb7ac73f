"""Compile a template to a module with one function, which takes the template's names as keywords and returns text.

jinja2 parses the template; its own compiler is not used, because compiled templates import jinja2 at every start (20
ms) and need a context for every file. A template may have output, `for`, `if`, names and attributes; anything else is
refused here.
"""

from collections.abc import Iterator, Sequence

from jinja2 import Environment, nodes

HEAD = "from typing import Any\n\n\n"


def environment() -> Environment:
    """Return a jinja2 environment in which a tag on a line of its own leaves no whitespace behind."""
    return Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)


def compiled(source: str, name: str) -> str:
    """Return the source of the module; raise ValueError for a template that has logic in it."""
    return _Function(name).text(environment().parse(source, name))


class _Function:
    """The function of one template; `_needed` collects its keywords, in the order of their first use."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._needed: dict[str, None] = {"header": None, "yours": None}

    def text(self, template: nodes.Template) -> str:
        """Return the source of the module."""
        body = list(self._block(template.body, 1, {}))
        keywords = ", ".join(f"{name}: Any" for name in self._needed)
        lines = [f"def render(*, {keywords}) -> str:", "    parts: list[str] = []", "    add = parts.append", *body]
        return HEAD + "\n".join([*lines, '    return "".join(parts)']) + "\n"

    def _block(self, body: Sequence[nodes.Node], depth: int, local: dict[str, str]) -> Iterator[str]:
        pad = "    " * depth
        for node in body:
            if isinstance(node, nodes.Output):
                yield f"{pad}add({self._output(node, local)})"
            elif isinstance(node, nodes.For):
                yield from self._loop(node, depth, local)
            elif isinstance(node, nodes.If) and not node.elif_:
                yield f"{pad}if {self._value(node.test, local)}:"
                yield from self._block(node.body, depth + 1, local)
                if node.else_:
                    yield f"{pad}else:"
                    yield from self._block(node.else_, depth + 1, local)
            else:
                raise self._refused(node)

    def _loop(self, node: nodes.For, depth: int, local: dict[str, str]) -> Iterator[str]:
        """Yield a loop, whose variables get a suffix so that they do not change equal names outside of it."""
        pad = "    " * depth
        targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
        names = [target.name for target in targets if isinstance(target, nodes.Name)]
        if len(names) != len(targets) or node.test is not None or node.recursive:
            raise self._refused(node)
        inner = local | {name: f"{name}_{depth}" for name in names}
        values = self._value(node.iter, local)
        yield f"{pad}for {', '.join(inner[name] for name in names)} in {values}:"
        yield from self._block(node.body, depth + 1, inner)
        if node.else_:
            yield f"{pad}if not {values}:"
            yield from self._block(node.else_, depth + 1, local)

    def _output(self, node: nodes.Output, local: dict[str, str]) -> str:
        """Return one f-string; `{{ "{" }}` in a template is a brace that jinja2 must not interpret."""
        parts = []
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                parts.append(_doubled(part.data))
            elif isinstance(part, nodes.Const) and isinstance(part.value, str):
                parts.append(_doubled(part.value))
            else:
                parts.append(f"{{{self._value(part, local)}}}")
        return f"f{''.join(parts)!r}"

    def _value(self, node: nodes.Node, local: dict[str, str]) -> str:
        if isinstance(node, nodes.Name):
            if node.name not in local:
                self._needed[node.name] = None
            return local.get(node.name, node.name)
        if isinstance(node, nodes.Getattr):
            return f"{self._value(node.node, local)}.{node.attr}"
        raise self._refused(node)

    def _refused(self, node: nodes.Node) -> ValueError:
        what = type(node).__name__
        return ValueError(f"{self._name}:{node.lineno}: a template has no {what}: decide it in the emitter")


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
