"""Built by scripts/build_tables.py from templates/rpc/server.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, functions: Any, services: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    for function_1 in functions:
        add(f'\n\n{function_1.signature}\n    {function_1.docstring}\n    {function_1.line}\n')
    add(f'\n\nSERVICES: tuple[Service[ServiceContext], ...] = (\n')
    for service_1 in services:
        add(f'    {service_1},\n')
    add(f')\n')
    return "".join(parts)
