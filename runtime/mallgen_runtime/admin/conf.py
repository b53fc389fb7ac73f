"""Settings of the accounts of admin services."""

from typing import Annotated

from msgspec import Meta, field

from mallgen_runtime.http.origins import wrong_origins
from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.durations import LongerThanZero, seconds
from mallgen_runtime.process.errors import ConfigError


class AccountsConf(Conf, kw_only=True):
    """Logins of a back office: how long they hold, and how many wrong passwords are allowed.

    A session ends `session_expire` after the login. In a browser it also ends after `session_idle` without a request.
    After `attempts` wrong passwords in a row nobody can log in to the account for `lock_time`, except from a browser
    that has logged in to it before. One network address may fail `address_attempts` times a minute. `hashing` is the
    number of passwords that are checked at the same time; each needs 64 MiB of memory. A new password must have at
    least `min_length` characters.

    With `secure_cookie` the browser sends the cookie over TLS only; if it is not set, that is so where the service
    itself speaks TLS. `origins` are other addresses, such as `https://admin.example`, whose pages may log in and change
    rows too.
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
    """Pictures that are uploaded: the `folder` where they are kept, and the `url` that is written into rows.

    The service shows them at `/pictures` to people who have logged in. If the shop serves the same folder at another
    place, write that place as `url`: `https://cdn.example/pictures`. When the folder has `total_bytes` of files, no
    further picture is accepted (0: no limit). The files are counted again once a minute, so several processes together
    may go beyond it for that long.
    """

    folder: str = "data/pictures"
    url: str = "/pictures"
    total_bytes: Annotated[int, Meta(ge=0)] = 10 << 30
