"""Built by scripts/build_tables.py from templates/rpc/app.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any, config_path: Any, package_literal: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\nfrom mallgen_runtime import load_config\nfrom mallgen_runtime.rpc import RpcApp, serve_rpc\n\nfrom {package} import hooks\nfrom {package}.config import Config\nfrom {package}.server import SERVICES\nfrom {package}.svc import ServiceContext\n\n\ndef create_app(config: Config | None = None) -> RpcApp[ServiceContext]:\n    """The service; without a configuration the default file is read."""\n    if config is None:\n        config = load_config(Config, {config_path}, package={package_literal})\n    return RpcApp(config, ServiceContext(config), SERVICES, hooks)\n\n\ndef run() -> None:\n    """Serve until SIGTERM or SIGINT; `-f FILE` names the configuration."""\n    serve_rpc(create_app, Config, {config_path}, package={package_literal})\n')
    return "".join(parts)
