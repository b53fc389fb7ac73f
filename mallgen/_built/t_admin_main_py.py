"""Built by scripts/build_tables.py from templates/admin/main.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, docstring: Any, config_path: Any, extras: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{docstring}\n\nfrom mallgen_runtime.admin.commands import start\n\nif __name__ == "__main__":\n    start(__package__, {config_path}')
    for extra_1 in extras:
        add(f', {extra_1}')
    add(f')\n')
    return "".join(parts)
