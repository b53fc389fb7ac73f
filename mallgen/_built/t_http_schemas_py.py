"""Built by scripts/build_tables.py from templates/http/schemas.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, docstring: Any, imports: Any, classes: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    for class_1 in classes:
        add(f'\n\n{class_1.head}\n')
        if class_1.docstring:
            add(f'    {class_1.docstring}\n')
            if class_1.lines:
                add(f'\n')
        for line_2 in class_1.lines:
            add(f'    {line_2}\n')
    return "".join(parts)
