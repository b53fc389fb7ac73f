"""Built by scripts/build_tables.py from templates/service/wiring.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, base: Any, config_docstring: Any, fields: Any, context_docstring: Any, made: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    add(f'\n\nclass BaseConfig({base}, kw_only=True):\n    {config_docstring}\n')
    if fields:
        add(f'\n')
    for field_1 in fields:
        add(f'    {field_1}\n')
    add(f'\n\nConfigT = TypeVar("ConfigT", bound=BaseConfig)\n\n\nclass BaseContext(ServiceBase[ConfigT]):\n    {context_docstring}\n')
    if made:
        add(f'\n    def __init__(self, config: ConfigT) -> None:\n        super().__init__(config)\n')
    for line_1 in made:
        add(f'        {line_1}\n')
    return "".join(parts)
