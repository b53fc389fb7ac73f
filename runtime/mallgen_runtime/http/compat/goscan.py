"""Finds the first mistake of a JSON text in the words of Go's encoding/json."""

import re

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+')
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_STEPS = (
    (re.compile(rb"-"), "in numeric literal"),
    (re.compile(rb"-?(?:0|[1-9][0-9]*+)\."), "after decimal point in numeric literal"),
    (re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?[eE][+-]?"), "in exponent of numeric literal"),
)
_WORDS = {ord(word[0]): word for word in ("true", "false", "null")}
_HEX = b"0123456789abcdefABCDEF"
_DEEPEST = 10_000
_DIGITS = frozenset(bytes([code]) for code in range(0x30, 0x3A))
_CONTROL = {9: "\\t", 10: "\\n", 13: "\\r", 7: "\\a", 8: "\\b", 12: "\\f", 11: "\\v", 0x27: "\\'", 0x5C: "\\\\"}
_VALUE, _FIRST, _KEY, _FIRST_KEY, _AFTER = range(5)


class _Mistake(Exception):
    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


def mistake(data: bytes) -> tuple[str, int]:
    """Return what is wrong with the first value of a text, and where; the text must be one that cannot be read."""
    try:
        _Scanner(data).run()
    except _Mistake as found:
        if found.at < len(data):
            return f"invalid character {_char(data[found.at])} {found.reason}", found.at
        return ("unexpected EOF" if data.strip(b" \t\r\n") else "EOF"), found.at
    return "exceeded max depth", len(data)


def _char(code: int) -> str:
    if code in _CONTROL:
        return f"'{_CONTROL[code]}'"
    return f"'{chr(code)}'" if chr(code).isprintable() else f"'\\x{code:02x}'" if code < 0x80 else f"'\\u{code:04x}'"


class _Scanner:
    """One walk over a text; `_stack` has the brackets that are open."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._stack = bytearray()

    def run(self) -> None:
        """Read the first value. Raises _Mistake at its first mistake."""
        state = _VALUE
        while True:
            found = _SPACE.match(self._data, self._at)
            self._at = found.end() if found else self._at
            code = self._data[self._at] if self._at < len(self._data) else -1
            if state == _AFTER:
                if not self._stack:
                    return
                state = self._after(code)
            elif state in (_KEY, _FIRST_KEY):
                state = self._key(code, state == _FIRST_KEY)
            elif state == _FIRST and code == 0x5D:
                state = self._close()
            else:
                state = self._value(code)

    def _after(self, code: int) -> int:
        is_object = self._stack[-1] == 0x7B
        if code == 0x2C:
            self._at += 1
            return _KEY if is_object else _VALUE
        if code == (0x7D if is_object else 0x5D):
            return self._close()
        raise _Mistake(self._at, "after object key:value pair" if is_object else "after array element")

    def _close(self) -> int:
        del self._stack[-1:]
        self._at += 1
        return _AFTER

    def _key(self, code: int, is_first: bool) -> int:
        if code == 0x7D and is_first:
            return self._close()
        if code != 0x22:
            raise _Mistake(self._at, "looking for beginning of object key string")
        self._string()
        found = _SPACE.match(self._data, self._at)
        self._at = found.end() if found else self._at
        if self._data[self._at : self._at + 1] != b":":
            raise _Mistake(self._at, "after object key")
        self._at += 1
        return _VALUE

    def _value(self, code: int) -> int:
        if code in (0x7B, 0x5B):
            if len(self._stack) >= _DEEPEST:
                raise _Mistake(self._at, "exceeded max depth")
            self._stack.append(code)
            self._at += 1
            return _FIRST_KEY if code == 0x7B else _FIRST
        if code == 0x22:
            self._string()
        elif code in _WORDS:
            self._word(_WORDS[code])
        elif code == 0x2D or 0x30 <= code <= 0x39:
            self._number()
        else:
            raise _Mistake(self._at, "looking for beginning of value")
        return _AFTER

    def _string(self) -> None:
        data = self._data
        found = _STRING.match(data, self._at)
        at = found.end() if found else self._at
        code = data[at] if at < len(data) else -1
        if code == 0x22:
            self._at = at + 1
        elif code != 0x5C:
            raise _Mistake(at, "in string literal")
        elif data[at + 1 : at + 2] != b"u":
            raise _Mistake(at + 1, "in string escape code")
        else:
            at += 2
            while at < len(data) and data[at] in _HEX:
                at += 1
            raise _Mistake(at, "in \\u hexadecimal character escape")

    def _word(self, word: str) -> None:
        for index, char in enumerate(word):
            if self._data[self._at + index : self._at + index + 1] != char.encode():
                raise _Mistake(self._at + index, f"in literal {word} (expecting '{char}')")
        self._at += len(word)

    def _number(self) -> None:
        for pattern, reason in _STEPS:
            found = pattern.match(self._data, self._at)
            if found and self._data[found.end() : found.end() + 1] not in _DIGITS:
                raise _Mistake(found.end(), reason)
        found = _NUMBER.match(self._data, self._at)
        self._at = found.end() if found else self._at + 1
