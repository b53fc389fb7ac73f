"""Built by scripts/build_tables.py from templates/admin/config.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any, docstring: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\nfrom mallgen_runtime.admin import AccountsConf, PicturesConf\nfrom mallgen_runtime.schema import field\n\nfrom {package}.wiring import BaseConfig\n\n\nclass Config(BaseConfig, kw_only=True):\n    {docstring}\n\n    accounts: AccountsConf = field(default_factory=AccountsConf)\n    pictures: PicturesConf = field(default_factory=PicturesConf)\n')
    return "".join(parts)
