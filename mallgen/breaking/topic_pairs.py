"""The topics of two versions of a queue service, paired."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from mallgen.breaking.proto_pairs import RpcPair

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoContract
    from mallgen.proto.topics import Topic


class TopicPair(NamedTuple):
    """A topic in both versions; None where one does not have it."""

    old: "Topic | None"
    new: "Topic | None"


def topic_pairs(contracts: "tuple[ProtoContract, ProtoContract]", rpcs: Iterable[RpcPair]) -> tuple[TopicPair, ...]:
    """Return all topics: paired by name, else by the RPC that they are declared by."""
    from mallgen.proto.topics import topics

    old, new = ({topic.name: topic for topic in topics(contract)} for contract in contracts)
    found = {name: name for name in old if name in new}
    by_wire = [{topic.method.wire: topic.name for topic in side.values()} for side in (old, new)]
    for pair in rpcs:
        was, now = (_name(rpc, names) for rpc, names in zip(pair[1:], by_wire, strict=True))
        if was and now and was not in found and now not in found.values():
            found[was] = now
    kept = [TopicPair(topic, new[found[name]] if name in found else None) for name, topic in old.items()]
    added = [TopicPair(None, topic) for name, topic in new.items() if name not in found.values()]
    return (*kept, *added)


def _name(rpc: object, names: dict[str, str]) -> str:
    return names.get(f"/{getattr(rpc, 'title', '')}", "")
