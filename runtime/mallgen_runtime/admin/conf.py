"""Settings of the accounts of admin services."""

from typing import Annotated

from msgspec import Meta, field

from mallgen_runtime.http.origins import wrong_origins
from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.durations import LongerThanZero, seconds
from mallgen_runtime.process.errors import ConfigError


class AccountsConf(Conf, kw_only=True):
    """Logins: how long they hold, and how often somebody may try.

    A session ends after `session_expire`, in a browser also after `session_idle` without a request. After `attempts`
    wrong passwords in a row an account lets nobody in for `lock_time`, except browsers that it has let in before. An
    address has `address_attempts` within a minute. `hashing` passwords are hashed at a time, with 64 MiB each. A
    new password has `min_length` characters or more.

    `secure_cookie`: the browser sends the cookie over TLS alone; not set: where the service itself speaks TLS. Pages of
    `origins` (`https://admin.example`) may log in and change beside those of the service's own address.
    """

    session_idle: LongerThanZero = "30m"
    session_expire: LongerThanZero = "12h"
    attempts: Annotated[int, Meta(ge=1)] = 5
    lock_time: LongerThanZero = "15m"
    address_attempts: Annotated[int, Meta(ge=1)] = 20
    hashing: Annotated[int, Meta(ge=1, le=64)] = 2
    min_length: Annotated[int, Meta(ge=8, le=128)] = 10
    secure_cookie: bool | None = None
    origins: list[str] = field(default_factory=list)

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for times below a second, and for origins that are none; `*` would let every page in."""
        times = {"SessionIdle": self.session_idle, "SessionExpire": self.session_expire, "LockTime": self.lock_time}
        problems = [f"{key} is {text}, less than a second" for key, text in times.items() if seconds(text, key) < 1]
        problems += [*wrong_origins(self.origins, True, {})] if self.origins else []
        if problems:
            raise ConfigError(*(f"{setting}: {one}" for one in problems))


class PicturesConf(Conf, kw_only=True):
    """Pictures that are uploaded: the `folder` that keeps them, and the `url` that rows have of it.

    The service shows them at `/pictures` to those who have logged in. A shop that serves the same folder elsewhere has
    that place as `url`: `https://cdn.example/pictures`.
    """

    folder: str = "data/pictures"
    url: str = "/pictures"
