"""Built by scripts/build_tables.py from templates/http/main.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, docstring: Any, extras: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{docstring}\n\nfrom mallgen_runtime.starting import start\n\nif __name__ == "__main__":\n    start(__package__, {extras})\n')
    return "".join(parts)
