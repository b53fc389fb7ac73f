"""A property that is computed once. That of functools takes a lock before Python 3.12, ten times what reading costs."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 - a decorator, read as one
    """A method whose result is kept in the instance; for classes without slots, used by one thread."""

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "once[Value]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> "once[Value] | Value":
        """Return the value, which replaces this for the instance."""
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._make(instance)
        return found
