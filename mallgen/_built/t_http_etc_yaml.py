"""Built by scripts/build_tables.py from templates/http/etc.yaml.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, name: Any, host: Any, port: Any, jwt: Any, expire: Any, transitions: Any, cors: Any, uses: Any, data_source: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\nName: {name}\nHost: {host}\nPort: {port}\n')
    for key_1, env_1 in jwt:
        add(f'\n{key_1}:\n  AccessSecret: ${{{env_1}_ACCESS_SECRET}}\n  AccessExpire: {expire}\n')
    for key_1, env_1 in transitions:
        add(f'\n{key_1}:\n  Secret: ${{{env_1}_SECRET}}\n  PrevSecret: ${{{env_1}_PREV_SECRET}}\n')
    for key_1 in cors:
        add(f'\n{key_1}:\n  Origins: []  # https://shop.example, https://*.shop.example, or "*" for all\n')
    for key_1, lines_1 in uses:
        add(f'\n{key_1}:\n')
        for line_2 in lines_1:
            add(f'{line_2}\n')
    if data_source:
        add(f'\n')
    for line_1 in data_source:
        add(f'{line_1}\n')
    return "".join(parts)
