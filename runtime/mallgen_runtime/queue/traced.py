"""The spans of messages, at both ends."""

from mallgen_runtime.process import spans
from mallgen_runtime.process.errors import Code
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.queue import headers
from mallgen_runtime.queue.topics import MessageContext


def begin(ctx: MessageContext, here: Origin) -> spans.OpenSpan:
    """Begin the span of a message that is worked on, and make it the origin of calls."""
    assert spans.active is not None
    attributes: dict[str, str | int] = {
        **_attributes(ctx.topic, "process"),
        "messaging.message.id": ctx.message_id,
        "messaging.destination.partition.id": str(ctx.partition),
        "messaging.kafka.offset": ctx.offset,
    }
    made = spans.active.serve(f"process {ctx.topic}", here, ctx.headers.get(headers.TRACEPARENT, ""), attributes)
    origin.set(made.origin)
    return made


def send(topic: str) -> spans.OpenSpan | None:
    """Begin the span of a message that is sent, if its request is exported."""
    assert spans.active is not None
    return spans.active.call(f"send {topic}", _attributes(topic, "send"))


def end(span: spans.OpenSpan, code: Code) -> None:
    """End a span."""
    span.end("" if code is Code.OK else code.name, {})


def _attributes(topic: str, operation: str) -> dict[str, str | int]:
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.type": operation,
    }
