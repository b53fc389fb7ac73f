"""The Huffman code of RFC 7541, appendix B. It is canonical: the lengths determine the codes."""

_LENGTHS = (  # of the codes of 0 to 255 and of the end; A is 5 bits
    "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBB"
    "BABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVV"
    "XWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ"
)
_END = 256


class HuffmanError(Exception):
    """Bytes that are not Huffman code."""


class _CodeTree(dict[int, "tuple[bytes, _CodeTree]"]):
    """A state between bytes: each byte leads to the symbols it completes and the next state, found on first use."""

    def __init__(self) -> None:
        self.ways: list[_CodeTree | int | None] = [None, None]  # by one bit: another node, or a symbol
        self.ends = False  # whether a text may end here: after seven ones or fewer
        self.root: _CodeTree = self

    def __missing__(self, byte: int) -> "tuple[bytes, _CodeTree]":
        found, node = bytearray(), self
        for shift in range(7, -1, -1):
            way = node.ways[byte >> shift & 1]
            if isinstance(way, _CodeTree):
                node = way
            elif way is None or way == _END:
                raise HuffmanError("the end stands inside")
            else:
                found.append(way)
                node = self.root
        self[byte] = bytes(found), node
        return self[byte]


def _tree() -> _CodeTree:
    root = _CodeTree()
    for symbol, (code, bits) in enumerate(codes()):
        node = root
        for shift in range(bits - 1, 0, -1):
            way = node.ways[code >> shift & 1]
            if not isinstance(way, _CodeTree):
                way = node.ways[code >> shift & 1] = _CodeTree()
                way.root = root
            node = way
        node.ways[code & 1] = symbol
    node = root
    for _ in range(8):
        node.ends = True
        way = node.ways[1]
        assert isinstance(way, _CodeTree), "the code of eight ones is of no symbol"
        node = way
    return root


def decode(data: bytes) -> bytes:
    """Decode Huffman code. Raises HuffmanError."""
    node, found = _ROOT, []
    for byte in data:
        part, node = node[byte]
        found.append(part)
    if not node.ends:
        raise HuffmanError("the padding is not seven ones or fewer")
    return b"".join(found)


def codes() -> list[tuple[int, int]]:
    """Return code and length in bits of each symbol."""
    lengths = [ord(letter) - ord("A") + 5 for letter in _LENGTHS]
    found = [(0, 0)] * len(lengths)
    code = last = 0
    for bits, symbol in sorted((bits, symbol) for symbol, bits in enumerate(lengths)):
        code <<= bits - last
        found[symbol] = (code, bits)
        last = bits
        code += 1
    return found


_ROOT = _tree()
