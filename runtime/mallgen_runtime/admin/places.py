"""The places in lists that clients come back with, as opaque texts."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, TypeVar

import msgspec

from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.sql.model import Page

_LONGEST = 4096  # characters of a cursor
T = TypeVar("T")
RowT = TypeVar("RowT", bound=msgspec.Struct)


class PagePlace:
    """A place in one list: `asked` is all that makes it this list, so that a cursor of another one is refused."""

    def __init__(self, cursor: str, *asked: Any) -> None:
        self._cursor = cursor
        self._mark = hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]

    def opened(self, kind: type[T]) -> T | None:
        """Return the values of the cursor, None for the first page. Raises ApiError for one of another list."""
        if not self._cursor:
            return None
        if len(self._cursor) > _LONGEST or not self._cursor.isascii():
            raise _refused()
        try:
            text = urlsafe_b64decode(self._cursor.encode())
            mark, values = msgspec.json.decode(text, type=tuple[str, kind])  # type: ignore[valid-type]
        except (ValueError, RecursionError) as problem:
            raise _refused() from problem
        if mark != self._mark:
            raise _refused()
        found: T = values
        return found

    def single(self, kind: type[T]) -> tuple[T] | None:
        """Return the value of a cursor of one, as `opened`."""
        return self.opened(tuple[kind])  # type: ignore[valid-type, return-value]

    def turned(self, page: Page[RowT, Any]) -> tuple[list[RowT], str]:
        """Return the rows of a page and the cursor of the next, empty on the last one."""
        if page.is_end:
            return page.rows, ""
        return page.rows, urlsafe_b64encode(msgspec.json.encode((self._mark, page.cursor))).decode()


def _refused() -> ApiError:
    return ApiError(400, "bad_cursor", "the cursor is not one of this list; begin without one")
