"""Built by scripts/build_tables.py from templates/rmq/consumer.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, functions: Any, topics: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    for function_1 in functions:
        add(f'\n\n{function_1.signature}\n    {function_1.docstring}\n    {function_1.line}\n')
    add(f'\n\nTOPICS: tuple[Topic[ServiceContext], ...] = (\n')
    for topic_1 in topics:
        add(f'    {topic_1}\n')
    add(f')\n')
    return "".join(parts)
