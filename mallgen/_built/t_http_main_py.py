"""Built by scripts/build_tables.py from templates/http/main.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, docstring: Any, package: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{docstring}\n\nfrom {package}.app import run\n\nif __name__ == "__main__":\n    run()\n')
    return "".join(parts)
