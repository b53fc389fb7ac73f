"""Built by scripts/build_tables.py from templates/rmq/logic.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, name: Any, docstring: Any, signature: Any, body: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    add(f'\n\nclass {name}:\n    {docstring}\n\n    def __init__(self, ctx: MessageContext, svc: ServiceContext) -> None:\n        self.ctx = ctx\n        self.svc = svc\n\n    {signature}\n')
    for line_1 in body:
        add(f'        {line_1}\n')
    return "".join(parts)
