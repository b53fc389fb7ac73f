"""The names that generated queue services and producers import; none of them is a queue's."""

from mallgen_runtime.process.interceptors import ClientInterceptor, NextReply, OutgoingCall
from mallgen_runtime.queue.app import QueueApp
from mallgen_runtime.queue.conf import ProducerConf, QueueServerConf, TopicConf
from mallgen_runtime.queue.errors import QueueError
from mallgen_runtime.queue.hooks import ConsumerInterceptor
from mallgen_runtime.queue.producer import Producer, produce
from mallgen_runtime.queue.serve import serve_queue
from mallgen_runtime.queue.topics import Address, BatchTopic, MessageContext, Topic

__all__ = [
    "Address",
    "BatchTopic",
    "ClientInterceptor",
    "ConsumerInterceptor",
    "MessageContext",
    "NextReply",
    "OutgoingCall",
    "Producer",
    "ProducerConf",
    "QueueApp",
    "QueueError",
    "QueueServerConf",
    "Topic",
    "TopicConf",
    "produce",
    "serve_queue",
]
