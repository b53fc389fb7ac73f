"""`--check-config`: what a service would run with, without starting it."""

from collections.abc import Callable
from typing import Any

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.masking import as_file, without_secrets


def effective(config: Any, path: str) -> str:
    """Return the settings with their defaults as YAML, `***` in the place of secrets."""
    import yaml

    text: str = yaml.safe_dump(as_file(config), sort_keys=False, allow_unicode=True, width=1000)
    return f"# {path} with all defaults; secrets are ***\n{text}"


def try_out(create: Callable[[Any], object], config: Any) -> None:
    """Make the service, which finds settings that do not fit its contract, and open nothing. Raises ConfigError."""
    try:
        create(config)
    except ConfigError as problem:
        raise ConfigError(*(without_secrets(line, config) for line in problem.problems)) from None
    except Exception as problem:  # the code of the user's service context
        text = without_secrets(str(problem), config)
        raise ConfigError(f"the service cannot be made: {type(problem).__name__}: {text}") from None
