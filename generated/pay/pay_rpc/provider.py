"""The simulated provider: `python -m pay_rpc.provider URL PAYMENT AMOUNT` notifies that a payment was made.

The environment variable PAY_NOTIFY_SECRET has the secret that the provider shares with pay.rpc.
"""

import os
import sys
import time
import urllib.request

import msgspec

from pay_rpc.signature import signature


class Notice(msgspec.Struct, kw_only=True):
    """The body of a notification."""

    payment_id: str
    amount: str
    status: str = "paid"


def notify(url: str, secret: str, notice: Notice) -> int:
    """Send a notification as the provider does; return the status of the answer."""
    body, now = msgspec.json.encode(notice), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "X-Pay-Timestamp": str(now),
        "X-Pay-Signature": signature(secret, now, body),
    }
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        status: int = answer.status
        return status


def main() -> None:
    """Notify of the payment that the command line names."""
    url, payment, amount = sys.argv[1:]
    notice = Notice(payment_id=payment, amount=amount)
    print(notify(url, os.environ["PAY_NOTIFY_SECRET"], notice))


if __name__ == "__main__":
    main()
