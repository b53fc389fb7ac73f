"""The messages of the tests."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from mallgen_runtime.queue import Address

_FILE = descriptor_pb2.FileDescriptorProto(name="tests/queue/seckill.proto", package="seckill", syntax="proto3")
_MESSAGE = _FILE.message_type.add(name="OrderRequest")
_FIELDS = descriptor_pb2.FieldDescriptorProto
_MESSAGE.field.add(name="number", number=1, type=_FIELDS.TYPE_INT64, label=_FIELDS.LABEL_OPTIONAL)
_MESSAGE.field.add(name="product_id", number=2, type=_FIELDS.TYPE_STRING, label=_FIELDS.LABEL_OPTIONAL)
descriptor_pool.Default().AddSerializedFile(_FILE.SerializeToString())
OrderRequest: Any = message_factory.GetMessageClass(
    descriptor_pool.Default().FindMessageTypeByName("seckill.OrderRequest")
)


def address(topic: str, key: str = "product_id") -> Address:
    """Return a topic of OrderRequests as producers know it."""
    return Address(topic, "seckill.OrderRequest", key)
