"""Built by scripts/build_tables.py from templates/model/gen.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, table: Any, keysets: Any, row: Any, row_docstring: Any, fields: Any, inputs: Any, name: Any, model_docstring: Any, cached: Any, methods: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    add(f'\nTABLE = {table}\n')
    for keyset_1 in keysets:
        add(f'{keyset_1}\n')
    add(f'\n\nclass {row}(Row, frozen=True):\n    {row_docstring}\n\n')
    for line_1 in fields:
        add(f'    {line_1}\n')
    for group_1 in inputs:
        add(f'\n\nclass {group_1.name}(TypedDict, total=False):\n    {group_1.docstring}\n\n')
        for line_2 in group_1.lines:
            add(f'    {line_2}\n')
    add(f'\n\nclass {name}(Model[{row}]):\n    {model_docstring}\n\n    table = TABLE\n    row = {row}\n')
    for line_1 in cached:
        add(f'    {line_1}\n')
    for method_1 in methods:
        add(f'\n    {method_1.signature}\n        {method_1.docstring}\n        {method_1.line}\n')
    return "".join(parts)
