"""A generated service with the four kinds of RPC, and calls that no gRPC library makes."""

import socket
import sys
from pathlib import Path

from mallgen_runtime.rpc.h2 import frames
from mallgen_runtime.rpc.h2.hpack import indexed, literal
from tests.conftest import CONTRACTS, mallgen, working_in
from tests.run.shop import RpcService

BODIES = {
    "ask": 'if req.text == "die":\n            watch.keep(asyncio.sleep(0), "a part")\n'
    '        if req.text == "boom":\n            raise RuntimeError("mysql://root:pw@db")\n'
    '        if req.text == "none":\n            return None\n'
    '        if req.text == "teapot":\n            raise RpcError(Code.FAILED_PRECONDITION, "自定义")\n'
    '        return Line(text=f"{req.text}! {self.ctx.request_id}")',
    "again": 'if req.text == "sleep":\n            await asyncio.sleep(30)\n        return Line(text=req.text)',
    "count": "number = 0\n        async for _ in reqs:\n            number += 1\n        return Total(lines=number)",
    "history": 'while req.time == 7:\n            yield Line(text="x" * 30_000)\n'
    '        for number in range(req.time):\n            yield Line(text=f"line {number}")\n'
    '            await asyncio.sleep(0.01)\n        if req.time == 3:\n            raise ValueError("mysql://root:pw@db")',
    "talk": "async for req in reqs:\n            yield Line(text=req.text.upper())",
}
SETTINGS = "Mode: dev\nTimeout: 1500\nMaxMessage: 65536\n"


def chat_folder(root: Path) -> Path:
    """Generate the service, fill in its logic and return its folder."""
    with working_in(root):
        ran = mallgen("rpc", "protoc", str(CONTRACTS / "chat.proto"), "-dir", "chat")
        assert ran.code == 0, ran.err
    for name, body in BODIES.items():
        logic = root / "chat" / "chat_rpc" / "logic" / f"{name}_logic.py"
        before, stub, _ = logic.read_text(encoding="utf-8").partition("raise NotImplementedError")
        assert stub
        text = f"{before}{body}\n"
        imports = (
            "import asyncio\n\nfrom mallgen_runtime.process import watch\n"
            "from mallgen_runtime.rpc import Code, RpcError\n"
        )
        logic.write_text(text.replace("\nfrom ", f"\n{imports}from ", 1), encoding="utf-8")
    sys.path.insert(0, str(root / "chat"))
    return root / "chat"


def raw_call(service: RpcService, path: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """Send a call with any path and return the reply's bytes."""
    fields = ((b":path", path), (b":authority", b"x"), (b"te", b"trailers"), (b"content-type", b"application/grpc"))
    block = indexed(3) + indexed(6) + b"".join(literal(*field) for field in (*fields, *more))
    body = frames.frame(frames.DATA, frames.END_STREAM, 1, b"\0\0\0\0\0")
    received = b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as caller:
        caller.sendall(frames.PREFACE + frames.settings(()) + frames.headers(1, block, end=False) + body)
        while b"grpc-status" not in received and (chunk := caller.recv(65536)):
            received += chunk
    return received
