"""`--check-config`: what a service would run with, without starting it."""

import contextlib
import logging
from collections.abc import Callable, Iterator
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
        with _told_as_warnings():
            create(config)
    except ConfigError as problem:
        raise ConfigError(*(without_secrets(line, config) for line in problem.problems)) from None
    except Exception as problem:  # the code of the user's service context
        text = without_secrets(str(problem), config)
        raise ConfigError(f"the service cannot be made: {type(problem).__name__}: {text}") from None


@contextlib.contextmanager
def _told_as_warnings() -> Iterator[None]:
    """Print what the service would log of its settings as the other warnings are printed."""
    log = logging.getLogger("mallgen.service")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("warning[config] %(message)s"))
    handler.setLevel(logging.WARNING)
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = True
        log.removeHandler(handler)
