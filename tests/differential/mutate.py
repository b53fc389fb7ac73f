"""Contracts with up to three small changes of real ones, the same for the same seed; most are wrong, some are not."""

import random
import re
from collections.abc import Callable

_PIECE = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\"[^\"]*\"|`[^`]*`|//[^\n]*|/\*.*?\*/|\s+|.", re.S)
_WORDS = """syntax info import type service @server @doc @handler returns get post delete trace Get struct map any
interface{} interface string int64 bool complex64 []byte func go range Foo foo-api a-b-c api summary group prefix jwt
middleware timeout sse true ( ) [ ] { } , . .. ... ; : = * / - // /* */ /*c*/ //c 1 007 3s 1h30m 10ms 2nd 1h10 5µs 1d
"v1" "" "x.api" `json:"x"` `json` `` + $ é 中 ＋ # ' \\ @ @handle @docs""".split()
_BYTES = [bytes([n]) for n in range(0, 256, 7)] + [
    b"\x00",
    b"\r",
    b"\r\n",
    b"\n",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\t",
    b" ",
]

Change = Callable[[list[bytes], random.Random], None]


def mutated(text: bytes, seed: int) -> bytes:
    """Change a text in one to three ways: mostly tokens, sometimes lines or bytes."""
    dice = random.Random(seed)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        pieces, changes = _cut(text, dice)
        if pieces:
            dice.choice(changes)(pieces, dice)
        text = b"".join(pieces)
    return text


def _cut(text: bytes, dice: random.Random) -> tuple[list[bytes], list[Change]]:
    kind = dice.random()
    if kind < 0.7:
        return _PIECE.findall(text), [_delete, _repeat, _swap, _replace, _insert, _space, _copy]
    if kind < 0.85:
        return text.splitlines(keepends=True), [_delete, _repeat, _swap, _copy]
    return [text[n : n + 1] for n in range(len(text))], [_delete, _byte, _byte, _flip, _truncate]


def _place(pieces: list[bytes], dice: random.Random) -> int:
    return dice.randrange(len(pieces))


def _delete(pieces: list[bytes], dice: random.Random) -> None:
    del pieces[_place(pieces, dice)]


def _repeat(pieces: list[bytes], dice: random.Random) -> None:
    at = _place(pieces, dice)
    pieces.insert(at, pieces[at])


def _swap(pieces: list[bytes], dice: random.Random) -> None:
    one, other = _place(pieces, dice), _place(pieces, dice)
    if dice.random() < 0.7:
        other = min(one + dice.choice((1, 2)), len(pieces) - 1)
    pieces[one], pieces[other] = pieces[other], pieces[one]


def _copy(pieces: list[bytes], dice: random.Random) -> None:
    pieces[_place(pieces, dice)] = pieces[_place(pieces, dice)]


def _replace(pieces: list[bytes], dice: random.Random) -> None:
    pieces[_place(pieces, dice)] = dice.choice(_WORDS).encode()


def _insert(pieces: list[bytes], dice: random.Random) -> None:
    pieces.insert(_place(pieces, dice), dice.choice(_WORDS).encode())


def _space(pieces: list[bytes], dice: random.Random) -> None:
    pieces.insert(_place(pieces, dice), dice.choice((b" ", b"\n", b"\r", b"/*\n*/", b"// note\n", b"\n\n", b"\f")))


def _byte(pieces: list[bytes], dice: random.Random) -> None:
    pieces.insert(_place(pieces, dice), dice.choice(_BYTES))


def _flip(pieces: list[bytes], dice: random.Random) -> None:
    at = _place(pieces, dice)
    pieces[at] = bytes([pieces[at][0] ^ (1 << dice.randrange(8))])


def _truncate(pieces: list[bytes], dice: random.Random) -> None:
    del pieces[_place(pieces, dice) :]
