"""Rules about the topics of queue services."""

from collections.abc import Iterator

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, WARNING, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.topic_pairs import TopicPair
from mallgen.rules import Finding
from mallgen.text.span import Span


@proto_rule("topic-added", INFO, WIRE)
def topic_added(change: ProtoChange) -> Iterator[Finding]:
    """A topic is new: nobody sends to it yet.

    Messages that are sent before its consumer runs wait for it, if its group begins with the first message.
    """
    for pair in change.topics:
        if pair.old is None and pair.new is not None:
            yield change.finding(f"topic `{pair.new.name}` is new", pair.new.method.span, "", pair=pair)


@proto_rule("topic-removed", ERROR, WIRE)
def topic_removed(change: ProtoChange) -> Iterator[Finding]:
    """A topic is gone: nobody reads what waits in it, and what old producers still send to it.

    Keep its RPC until no producer sends to it and its lag is zero.
    """
    for pair in change.topics:
        if pair.old is not None and pair.new is None:
            hint = "keep it until no producer sends to it and nothing waits in it"
            name = pair.old.name
            was = pair.old.method.span
            yield change.finding(f"topic `{name}` is gone", _top(change), hint, was, [name], pair=pair)


@proto_rule("topic-renamed", ERROR, WIRE)
def topic_renamed(change: ProtoChange) -> Iterator[Finding]:
    """A topic has another name: nobody reads what waits in the old one, and what old producers still send to it.

    A comment `// mallgen:topic NAME` above the RPC keeps the old name, also when the RPC or the package is renamed.
    """
    for pair in change.topics:
        if pair.old is not None and pair.new is not None and pair.old.name != pair.new.name:
            message = f"topic `{pair.old.name}` is `{pair.new.name}` now"
            hint = f"keep its name: // mallgen:topic {pair.old.name}"
            name = pair.old.name
            yield change.finding(message, pair.new.method.span, hint, pair.old.method.span, [name], pair=pair)


@proto_rule("topic-key-changed", WARNING, BEHAVIOUR)
def topic_key_changed(change: ProtoChange) -> Iterator[Finding]:
    """A topic has another key: messages that had an order among each other lose it.

    Messages of one key go to one partition. Old and new producers disagree about it while both run.
    """
    for pair in change.topics:
        if pair.old is not None and pair.new is not None and pair.old.key != pair.new.key:
            was, now = (f"the key `{one.key}`" if one.key else "no key" for one in (pair.old, pair.new))
            message = f"topic `{pair.new.name}` has {now}, and had {was}"
            hint = "add a topic with the new key beside it, and move the producers"
            yield change.finding(message, pair.new.method.span, hint, pair.old.method.span, [pair.old.name])


@proto_rule("topic-message-changed", ERROR, WIRE)
def topic_message_changed(change: ProtoChange) -> Iterator[Finding]:
    """A topic has another message: what waits in it, and what old producers send, is read as something else.

    Add fields to the old message, or a new topic.
    """
    for pair in change.topics:
        if pair.old is None or pair.new is None:
            continue
        was, now = pair.old.message, pair.new.message
        if change.types.get(was, was) != now:
            message = f"topic `{pair.new.name}` has the message `{now}`, and had `{was}`"
            hint = "add fields to the old message, or a new topic"
            name = pair.old.name
            yield change.finding(message, pair.new.method.span, hint, pair.old.method.span, [name], pair=pair)


@proto_rule("queue-service-changed", ERROR, WIRE)
def queue_service_changed(change: ProtoChange) -> Iterator[Finding]:
    """A service that was called consumes a queue now, or the other way round: none of its callers reaches it.

    Give the new service a contract of its own beside the old one.
    """
    was, now = change.queues
    if was != now and change.new.roots:
        words = ("a queue service", "an RPC service")
        message = f"this is {words[now is False]} now, and was {words[was is False]}"
        hint = "give the new service a contract of its own beside the old one"
        yield change.finding(message, _top(change), hint, pair=_served(change))


def _served(change: ProtoChange) -> object:
    """Return what the old version served: the first of its topics, or its calls."""
    if change.queues[0]:
        from mallgen.proto.topics import topics

        return TopicPair(next(iter(topics(change.contracts[0])), None), None)
    return tuple(rpc.title for service in change.old.services.values() for rpc in service.rpcs)


def _top(change: ProtoChange) -> Span:
    """Return the place of the new contract's package; the old one's where nothing is left."""
    return change.start(next(iter([*change.new.roots, *change.old.roots])))
