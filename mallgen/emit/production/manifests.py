"""YAML text of manifests and compose files. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

Block = Mapping[str, Any]
_WIDE = 4096  # no line is folded


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are, and sequences below their key with an indent."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent sequences, too."""
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that is used twice two times."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def manifest(block: Block) -> str:
    """Return one document of YAML, keys in their order; None as a value stands for an empty one."""
    return yaml.dump(dict(block), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDE)


def commented(lines: Iterable[str]) -> str:
    """Return lines as a comment."""
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)
