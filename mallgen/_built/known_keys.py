"""Built by scripts/build_tables.py from runtime/mallgen_runtime/process/known_keys.py. Do not edit."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

NOTHING = ("", "null", "~", "false", "no", "off", "0", "0s")
AS_IT_IS = ("", "null", "~", "true", "yes", "on")
PROTECTS = frozenset(
    "timeout methodtimeouts maxbytes maxconns maxmessage maxconnectionidle signature certfile keyfile auth "
    "clientcafile cacertfile servername "
    "algorithms audience issuer jwksfile jwksurl publickeyfile "
    "strictcontrol accesssecret prevsecret secret leeway requireexpire trustedproxies middlewares listenon host "
    "user pass strict".split()
)
_LONGEST = 64


class Remark(NamedTuple):
    """The message about one key of go-zero's.

    `quiet` are values that ask for nothing, `needs` the keys of a block of which one must have a value, `honoured` is
    for a setting that has its effect all the same.
    """

    why: str
    refused: bool = False
    quiet: tuple[str, ...] = NOTHING
    needs: tuple[str, ...] = ()
    honoured: bool = False


class Told(NamedTuple):
    """A message about one key of a file, without its place, and its hint. `known`: the key is go-zero's."""

    refused: bool
    known: bool
    text: str
    hint: str


_TLS = Remark("TLS is on where CertFile and KeyFile are set; remove it", refused=True)
_ALWAYS = Remark("it cannot be switched off here", quiet=AS_IT_IS)

SERVICE = {
    "MetricsUrl": Remark("metrics are not pushed"),
    "Profiling": Remark("profiles are not sent", needs=("serveraddr",)),
}
REST = {
    **SERVICE,
    "Tls": _TLS,
    "Verbose": Remark("requests are logged in one line each"),
}
REST_MIDDLEWARES = {
    "Trace": _ALWAYS,
    "Metrics": Remark("there are no lines of statistics by route"),
}
_NO_AUTH = Remark("callers' App and Token are not checked yet; remove it, and admit callers by network", refused=True)
RPC_SERVER = {
    **SERVICE,
    "Auth": Remark("callers' App and Token are not checked yet; remove it, and admit callers by network", refused=True),
    "StrictControl": _NO_AUTH,
    "Redis": Remark("it holds the tokens of callers for Auth, which is not there yet"),
    "Tls": _TLS,
    "Workers": Remark(
        "an RPC server is one process; start more instances of it, which callers find in the registry",
        refused=True,
        quiet=(*NOTHING, "1"),
    ),
}
RPC_SERVER_MIDDLEWARES = {
    "Trace": _ALWAYS,
    "Recover": Remark("a call that fails never ends the process here", quiet=AS_IT_IS),
    "StatConf": Remark("slow calls have no lines of their own; each call's line has its duration"),
}
_IN_THE_CLEAR = Remark("it goes along in the clear unless Tls is true", honoured=True)
RPC_CLIENT = {
    "App": _IN_THE_CLEAR,
    "Token": _IN_THE_CLEAR,
    "BalancerName": Remark("the instances are called in turn", quiet=("", "p2c_ewma")),
}
RPC_CLIENT_MIDDLEWARES = {
    "Trace": _ALWAYS,
    "Duration": Remark("slow calls have no lines of their own", quiet=(*NOTHING, "true")),
}
QUEUE_SERVER = {
    **SERVICE,
    "Topic": Remark("the contract names the topics; write another name into the block of one", refused=True),
}
LOG = {
    "TimeFormat": Remark("times are written as RFC 3339 with milliseconds"),
    "MaxContentLength": Remark("lines are not cut"),
    "StackCooldownMillis": Remark("each failure has its stack"),
    "FileTimeFormat": Remark("names of old files have the date, or the time as RFC 3339"),
    "FieldKeys": Remark("the names of fields are go-zero's own", quiet=()),
}
DEV_SERVER = {"EnablePprof": Remark("profiles are not served")}
DATA_SOURCE = {"DriverName": Remark("the address itself says which database it is", quiet=("", "mysql"))}
CACHE_REDIS = {"MaintNotifications": Remark("Redis is not asked to announce its maintenance")}
ETCD = {"InsecureSkipVerify": Remark("etcd's certificate is always checked; name its CACertFile")}


def remark_on(key: str, value: object, known: Iterable[str], remarks: Mapping[str, Remark]) -> Told | None:
    """Return the message about a key that no field has, None when its value asks for nothing.

    `value` is text, a list, or a mapping by folded keys. A key that is nearly one that limits or protects is refused:
    its author wants the limit, and would believe to have it.
    """
    remark = next((remark for name, remark in remarks.items() if folded(name) == folded(key)), None)
    if remark is not None:
        return remarked(remark) if asks(remark, value) else None
    names = [name for name in (*known, *remarks) if folded(name) in PROTECTS]
    near = next((name for name in names if _is_near(folded(key), folded(name))), "")
    meant = remarks.get(near)
    if near and (meant is None or (meant.refused and asks(meant, value))):
        return Told(
            True, False, "is no setting", f"did you mean {near}? The service would run without what it asks for"
        )
    guess = near or _guess(key, (*known, *remarks))
    hint = f"did you mean {guess}?" if guess else "a setting of your own needs a field in config.py"
    return Told(False, False, "is no setting and has no effect", hint)


def remarked(remark: Remark) -> Told:
    """Return the message about a key that is known."""
    why, _, hint = remark.why.partition("; ")
    return Told(remark.refused, True, why, hint)


def asks(remark: Remark, value: object) -> bool:
    """Return whether a value asks for what the key means."""
    if isinstance(value, Mapping):
        if not _is_set(value.get("enabled", "true")) or _is_set(value.get("disabled", "")):
            return False
        return not remark.needs or any(_is_set(value.get(key, "")) for key in remark.needs)
    if isinstance(value, str):
        return value.strip().lower() not in remark.quiet
    return bool(value)


def folded(key: str) -> str:
    """A key without regard to case, `_` and `-`."""
    return key.replace("_", "").replace("-", "").lower()


def _is_set(value: object) -> bool:
    return value.strip().lower() not in NOTHING if isinstance(value, str) else bool(value)


def _guess(key: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    by_case = {folded(name): name for name in names}
    close = get_close_matches(folded(key), by_case, n=1, cutoff=0.6) if len(key) <= _LONGEST else []
    return by_case[close[0]] if close else ""


def _is_near(one: str, other: str) -> bool:
    """One slip of the hand apart, two in a long word; in a short one only two letters that changed places."""
    if len(one) <= 4 or len(other) <= 4:
        return sorted(one) == sorted(other) and _slips(one, other) == 1
    most = 2 if len(other) >= 10 else 1
    return abs(len(one) - len(other)) <= most and _slips(one, other) <= most


def _slips(one: str, other: str) -> int:
    """Letters that were left out, added, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
