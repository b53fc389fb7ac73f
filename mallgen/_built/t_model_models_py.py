"""Built by scripts/build_tables.py from templates/model/models.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, name: Any, docstring: Any, signature: Any, made: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    add(f'\n\nclass {name}(OpenedModels):\n    {docstring}\n\n    {signature}\n        super().__init__(source, SCHEMA, mode)\n')
    for line_1 in made:
        add(f'        {line_1}\n')
    return "".join(parts)
