"""What an order goes through, and the steps that people may take it."""

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


# Only order.rpc says that an order is paid, or closed since nobody paid it: no step leads there.
STEPS: dict[int, set[int]] = {
    Status.UNPAID: {Status.CANCELLED},
    Status.PAID: {Status.TO_SEND, Status.TO_RECEIVE},
    Status.TO_SEND: {Status.TO_RECEIVE},
    Status.TO_RECEIVE: {Status.DONE},
}
NOT_SENT = (Status.UNPAID, Status.PAID, Status.TO_SEND)
