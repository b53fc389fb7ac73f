"""Rules about fields of messages."""

from collections.abc import Iterator

from mallgen.breaking import ERROR, SOURCE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.rules import Finding


@proto_rule("proto-field-removed", ERROR, SOURCE)
def proto_field_removed(change: ProtoChange) -> Iterator[Finding]:
    """A message lost a field: code that reads or sets it fails, and what others send in it is ignored.

    Keep the field with `[deprecated = true]` beside what replaces it, until nobody uses it.
    """
    for pair in change.fields:
        if pair.old is not None and pair.new is None:
            message = f"`{pair.owner}` has no `{pair.old.name} = {pair.old.number}` any more"
            yield change.about(pair, message, "keep the field with [deprecated = true] beside what replaces it")
