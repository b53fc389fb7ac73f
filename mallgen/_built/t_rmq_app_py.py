"""Built by scripts/build_tables.py from templates/rmq/app.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any, config_path: Any, package_literal: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\nfrom mallgen_runtime import load_config\nfrom mallgen_runtime.queue import QueueApp, serve_queue\n\nfrom {package} import hooks\nfrom {package}.config import Config\nfrom {package}.consumer import TOPICS\nfrom {package}.svc import ServiceContext\n\n\ndef create_app(config: Config | None = None) -> QueueApp[ServiceContext]:\n    """The service; without a configuration the default file is read."""\n    if config is None:\n        config = load_config(Config, {config_path}, package={package_literal})\n    return QueueApp(config, ServiceContext(config), TOPICS, hooks)\n\n\ndef run() -> None:\n    """Consume until SIGTERM or SIGINT; `-f FILE` names the configuration."""\n    serve_queue(create_app, Config, {config_path}, package={package_literal})\n')
    return "".join(parts)
