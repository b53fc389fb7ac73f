"""Built by scripts/build_tables.py from templates/rmq/producer.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, exported: Any, addresses: Any, clients: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    add(f'\n__all__ = {exported}\n\n')
    for address_1 in addresses:
        add(f'{address_1}\n')
    for client_1 in clients:
        add(f'\n\nclass {client_1.name}:\n    {client_1.docstring}\n\n    def __init__(self, producer: Producer) -> None:\n        self._producer = producer\n')
        for method_2 in client_1.methods:
            add(f'\n    {method_2.signature}\n        {method_2.docstring}\n        {method_2.line}\n')
    return "".join(parts)
