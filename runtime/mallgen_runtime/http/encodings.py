"""The header Accept-Encoding: the coding of an answer that a client likes best (RFC 9110, 12.5.3)."""

import re
from collections.abc import Mapping, Sequence

from mallgen_runtime.http.messages import Context

_WEIGHT = re.compile(r"q=([01](?:\.\d{0,3})?)\Z")


def chosen(accepted: str, offered: Sequence[str]) -> str:
    """Return the coding of `offered` with the greatest weight, of several the first; empty for the plain answer.

    The plain answer goes to who takes none of them, or gives `identity` a greater weight than all.
    """
    if not accepted:
        return ""
    weights = _weights(accepted)
    other = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, other), default="")
    weight = weights.get(best, other)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else ""


def chosen_for(ctx: Context, offered: Sequence[str]) -> str:
    """Return the coding for a request; see `chosen`."""
    return chosen(", ".join(ctx.headers.get("accept-encoding", ())), offered)


def _weights(accepted: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, _, weight = item.strip().partition(";")
        matched = _WEIGHT.match(weight.strip())
        coding = name.strip()
        found["gzip" if coding == "x-gzip" else coding] = float(matched[1]) if matched else float(not weight)
    return found
