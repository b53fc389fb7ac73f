"""Built by scripts/build_tables.py from templates/rmq/etc.yaml.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, name: Any, uses: Any, data_source: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\nName: {name}\n# Without Brokers the services of one machine share a queue that lies in a file.\n# Brokers:\n#   - 127.0.0.1:9092\nGroup: {name}\nOffset: first  # where a new group begins: first, the oldest message, or last\n')
    for key_1, lines_1 in uses:
        add(f'\n{key_1}:\n')
        for line_2 in lines_1:
            add(f'{line_2}\n')
    if data_source:
        add(f'\n')
    for line_1 in data_source:
        add(f'{line_1}\n')
    return "".join(parts)
