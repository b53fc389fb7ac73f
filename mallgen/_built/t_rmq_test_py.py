"""Built by scripts/build_tables.py from templates/rmq/test.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{module_docstring}\n\nimport asyncio\n\nfrom mallgen_runtime.testing import LocalQueue, made_up_secrets\n\nfrom {package}.app import create_app\n\n\ndef test_the_service_starts() -> None:\n    async def talk() -> None:\n        with made_up_secrets():\n            app = create_app()\n        async with LocalQueue(app) as queue:\n            assert queue.state == "ok"\n\n    asyncio.run(talk())\n')
    return "".join(parts)
