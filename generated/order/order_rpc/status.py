"""What an order goes through."""

from enum import IntEnum


class Status(IntEnum):
    """The status of an order."""

    UNPAID = 10
    PAID = 20
    TO_SEND = 30
    TO_RECEIVE = 40
    DONE = 50
    CLOSED = 60
    CANCELLED = 70


NOBODY = 0  # the user of an order that was closed before it was made
IS_PAID = frozenset({Status.PAID, Status.TO_SEND, Status.TO_RECEIVE, Status.DONE})
