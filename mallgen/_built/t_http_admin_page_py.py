"""Built by scripts/build_tables.py from templates/http/admin_page.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, page: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\nPAGE = {page}\n')
    return "".join(parts)
