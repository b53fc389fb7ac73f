"""Built by scripts/build_tables.py from templates/service/init.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, docstring: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{docstring}\n')
    return "".join(parts)
