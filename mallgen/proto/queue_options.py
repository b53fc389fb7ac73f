"""The options of mallgen/queue.proto that an RPC has. Pure."""

from google.protobuf.descriptor_pb2 import MethodOptions

_TOPIC, _KEY = 50871, 50872


def queue_options(options: MethodOptions) -> tuple[str, str]:
    """Return the topic and the key of an RPC, whether Python knows these extensions or not."""
    data = options.SerializeToString()
    if not data:
        return "", ""
    from google.protobuf.empty_pb2 import Empty
    from google.protobuf.unknown_fields import UnknownFieldSet

    unknown = UnknownFieldSet(Empty.FromString(data))
    found = {unknown[at].field_number: unknown[at].data for at in range(len(unknown))}
    return _text(found.get(_TOPIC)), _text(found.get(_KEY))


def _text(data: object) -> str:
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
