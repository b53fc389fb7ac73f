"""The Huffman code of RFC 7541, appendix B. It is canonical: the lengths of its codes say all."""

_LENGTHS = (  # of the codes of 0 to 255 and of the end; A is 5 bits
    "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBB"
    "BABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVV"
    "XWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ"
)
_END = 256


class HuffmanError(Exception):
    """Bytes that are not Huffman code."""


class Decoder:
    """Reads the code a byte at a time; a step that was taken once is remembered (at most 256 times 256)."""

    def __init__(self) -> None:
        self._tree: list[list[int]] = [[0, 0]]  # a child: a node, 0 for none, below 0 a symbol
        for symbol, (code, bits) in enumerate(codes()):
            self._plant(symbol, code, bits)
        self._steps: dict[int, tuple[bytes, int]] = {}
        self._endings = self._paths_of_ones()

    def decode(self, data: bytes) -> bytes:
        """The text. Raises HuffmanError."""
        steps, node, found = self._steps, 0, b""
        for byte in data:
            step = steps.get(node << 8 | byte)
            if step is None:
                step = steps[node << 8 | byte] = self._step(node, byte)
            found += step[0]
            node = step[1]
        if node not in self._endings:
            raise HuffmanError("the padding is not seven ones or fewer")
        return found

    def _step(self, node: int, byte: int) -> tuple[bytes, int]:
        found = bytearray()
        for shift in range(7, -1, -1):
            node = self._tree[node][byte >> shift & 1]
            if node < 0:
                if ~node == _END:
                    raise HuffmanError("the end stands inside")
                found.append(~node)
                node = 0
        return bytes(found), node

    def _plant(self, symbol: int, code: int, bits: int) -> None:
        node = 0
        for shift in range(bits - 1, 0, -1):
            way = code >> shift & 1
            if not self._tree[node][way]:
                self._tree[node][way] = len(self._tree)
                self._tree.append([0, 0])
            node = self._tree[node][way]
        self._tree[node][code & 1] = ~symbol

    def _paths_of_ones(self) -> frozenset[int]:
        node, found = 0, [0]
        for _ in range(7):
            node = self._tree[node][1]
            found.append(node)
        return frozenset(found)


def codes() -> list[tuple[int, int]]:
    """Code and length in bits of each symbol."""
    lengths = [ord(letter) - ord("A") + 5 for letter in _LENGTHS]
    found = [(0, 0)] * len(lengths)
    code = last = 0
    for bits, symbol in sorted((bits, symbol) for symbol, bits in enumerate(lengths)):
        code <<= bits - last
        found[symbol] = (code, bits)
        last = bits
        code += 1
    return found


decode = Decoder().decode
