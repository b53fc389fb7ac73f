"""The terms on which a team changes its contracts."""

from typing import NamedTuple


class Terms(NamedTuple):
    """`today` is the day of the comparison, as `2026-12-31`; "": no sunset has passed yet.

    `deprecation_days` is how long something stays after it was deprecated; 0: no sunset is asked for. `soonest` is the
    day that lies so many days after `today`. `auth_middlewares` are the middlewares that check who calls: a route that
    loses one is open.
    """

    today: str = ""
    soonest: str = ""
    deprecation_days: int = 0
    auth_middlewares: tuple[str, ...] = ()


NO_TERMS = Terms()
