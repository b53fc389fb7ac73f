"""Built by scripts/build_tables.py from templates/http/routes.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, docstring: Any, imports: Any, functions: Any, table_type: Any, table: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    for function_1 in functions:
        if function_1.body_class:
            add(f'\n\n')
            for line_3 in function_1.body_class:
                add(f'{line_3}\n')
        add(f'\n\n{function_1.signature}\n    {function_1.docstring}\n')
        for line_2 in function_1.lines:
            add(f'    {line_2}\n')
    add(f'\n\nROUTES: {table_type} = (\n')
    for entry_1 in table:
        add(f'    {entry_1},\n')
    add(f')\n')
    return "".join(parts)
