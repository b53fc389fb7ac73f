"""Failures of a queue."""

from typing import ClassVar

from mallgen_runtime.process.errors import Code, ResourceError


class QueueError(ResourceError):
    """The queue cannot be reached, or did not acknowledge what was asked of it."""

    status: ClassVar[Code] = Code.UNAVAILABLE


class Unacknowledged(QueueError):
    """No answer came in time: the message may have been written, and may be written later."""


class RefusedMessage(QueueError):
    """The queue never takes such a message: it is too large, or no message at all."""


class NotOurs(QueueError):
    """A partition belongs to another member of the group now."""


class Poison(Exception):
    """A message that cannot be read as what its topic carries."""
