"""Built by scripts/build_tables.py from templates/rpc/etc.yaml.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, name: Any, listen_on: Any, etcd: Any, uses: Any, data_source: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\nName: {name}\nListenOn: {listen_on}\n# Without an Etcd block the services of one machine find each other through a folder.\n')
    for line_1 in etcd:
        add(f'{line_1}\n')
    for key_1, lines_1 in uses:
        add(f'\n{key_1}:\n')
        for line_2 in lines_1:
            add(f'{line_2}\n')
    if data_source:
        add(f'\n')
    for line_1 in data_source:
        add(f'{line_1}\n')
    return "".join(parts)
