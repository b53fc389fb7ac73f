"""Rules about fields of responses."""

from collections.abc import Iterator

from mallgen.breaking import ERROR, WIRE, api_rule
from mallgen.breaking.api import ApiChange
from mallgen.rules import Finding


@api_rule("response-field-removed", ERROR, WIRE)
def response_field_removed(change: ApiChange) -> Iterator[Finding]:
    """A response lost a field: clients that read it get nothing."""
    for pair in change.fields("response"):
        if pair.new is None:
            message = f"`{pair.struct.name}` has no `{pair.key}` any more"
            yield change.finding(pair, message, "keep the field, and mark it deprecated beside what replaces it")
