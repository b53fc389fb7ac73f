"""A bound of YAML's depth: the library composes nodes in C, where a text that is nested too deep ends the process."""

from typing import Any

import yaml

DEEPEST = 100


def too_deep(text: str, loader: Any) -> tuple[int, int] | None:
    """Return line and column, from 1, where a text is nested deeper than DEEPEST, else None. Raises YAMLError."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                mark = event.start_mark
                return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None
