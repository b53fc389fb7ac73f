"""A generated service with every kind of answer, started under one ASGI server or another, in two processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import mallgen
from tests.ports import free_port
from tests.run.service import SECRET, Service

CONTRACT = """syntax = "v1"

type IdReq {
	Id int64 `path:"id"`
}

type BodyReq {
	Name string `json:"name"`
}

type Thing {
	Id   int64  `json:"id,string"`
	Name string `json:"name"`
}

type Size {
	Count int64 `json:"count"`
}

service all-api {
	@handler Get
	get /things/:id (IdReq) returns (Thing)

	@handler Make
	post /things (BodyReq)

	@handler Process
	get /process returns (Size)

	@handler Lines
	get /lines

	@handler Slow
	get /slow returns (Size)

	@doc (
		websocket: "true"
		message:   "Size"
	)
	@handler Talk
	get /talk/:id (IdReq) returns (Size)
}

@server (
	maxBytes: 104857600
	timeout:  30s
)
service all-api {
	@handler Upload
	post /upload returns (Size)
}

@server (
	sse: true
)
service all-api {
	@handler Watch
	get /events returns (Size)
}

@server (
	jwt: Auth
)
service all-api {
	@handler Secret
	get /secret returns (Thing)
}
"""
BODIES = {
    "get": ("self, req: IdReq) -> Thing", "1 / (req.id - 500)\n        return Thing(id=req.id, name='n')"),
    "make": ("self, req: BodyReq) -> None", "pass"),
    "process": ("self) -> Size", "return Size(count=os.getpid())"),
    "lines": (
        "self) -> Response",
        "async def pieces():\n            for number in range(2000):\n                yield b'%06d' % number * 100\n"
        "        return StreamingResponse(pieces(), content_type='text/plain')",
    ),
    "slow": (
        "self) -> Size",
        "print('slow begins', flush=True)\n        await asyncio.sleep(1)\n        return Size(count=1)",
    ),
    "talk": (
        "self, req: IdReq, socket: WebSocket[Size, Size]) -> None",
        "if req.id == 404:\n            raise ApiError(404, 'none', 'there is none')\n"
        "        async for size in socket:\n            await socket.send(Size(count=size.count + req.id))",
    ),
    "upload": ("self) -> Size", "return Size(count=(await self.ctx.file('photo')).size)"),
    "watch": (
        "self) -> AsyncIterator[Size]",
        "for number in range(3):\n            yield Size(count=number)\n            await asyncio.sleep(0.1)\n"
        "        while self.ctx.last_event_id == 'stay':\n"
        "            yield Size(count=9)\n            await asyncio.sleep(0.1)",
    ),
    "secret": ("self) -> Thing", "return Thing(id=1, name='s')"),
}
HEAD = """import asyncio
import os
from collections.abc import AsyncIterator

from mallgen_runtime import ApiError, Context, Response, StreamingResponse, WebSocket

from all_api.schemas import BodyReq, IdReq, Size, Thing
from all_api.svc import ServiceContext


class {name}Logic:
    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx, self.svc = ctx, svc

    async def {function}({signature}:
        {body}
"""
HOOKS = """from mallgen_runtime import problem


class Mark:
    async def handle(self, ctx, next_):
        response = await next_(ctx)
        response.headers["x-mark"] = "hooks"
        return response


def middlewares(svc):
    return [Mark()]


def on_error(ctx, error):
    response = problem(ctx, error)
    response.headers["x-error"] = error.code
    return response
"""
PROCESSES = 2
_FACTORY = "all_api.app:create_app"
_GUNICORN = "gunicorn -w 2 --graceful-timeout 5"
COMMANDS = {
    "uvicorn": f"uvicorn --workers 2 --factory {_FACTORY} --timeout-graceful-shutdown 5 --host 127.0.0.1 --port",
    "gunicorn-uvicorn": f"{_GUNICORN} -k uvicorn_worker.UvicornWorker {_FACTORY}() -b 127.0.0.1:",
    "gunicorn-asgi": f"{_GUNICORN} -k asgi {_FACTORY}() -b 127.0.0.1:",
    "granian": f"granian --interface asgi --workers 2 --factory {_FACTORY} --host 127.0.0.1 --port",
}


def made(folder: Path) -> Path:
    """Generate the service into a folder, with its logic and hooks.py."""
    (folder / "all.api").write_text(CONTRACT, encoding="utf-8")
    ran = mallgen("api", "py", "-api", str(folder / "all.api"), "-dir", str(folder))
    assert ran.code == 0, ran.err
    for function, (signature, body) in BODIES.items():
        text = HEAD.format(name=function.title(), function=function, signature=signature, body=body)
        (folder / "all_api" / "logic" / f"{function}_logic.py").write_text(text, encoding="utf-8")
    (folder / "all_api" / "hooks.py").write_text(HOOKS, encoding="utf-8")
    return folder


def command_of(server: str, port: int, package: str = "all_api") -> list[str]:
    """Return the words behind `python -m` that start the service of a package."""
    *words, last = COMMANDS[server].replace("all_api", package).split()
    return [*words, f"{last}{port}"] if last.endswith(":") else [*words, last, str(port)]


class Under(Service):
    """The service under a server of `COMMANDS`; it reads etc/all-api.yaml, as a factory without arguments does."""

    def __init__(self, folder: Path, server: str, settings: str = "", **env: str) -> None:
        self.port, self.folder = free_port(), folder
        text = f"Name: all-api\nHost: 127.0.0.1\nPort: {self.port}\nShutdown:\n  WrapUpTime: 100ms\n{settings}"
        (folder / "etc" / "all-api.yaml").write_text(text, encoding="utf-8")
        command = command_of(server, self.port)
        self.log = folder / f"{server}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=folder,
                stdout=log,
                stderr=log,
                env={**os.environ, "AUTH_ACCESS_SECRET": SECRET, **env},
            )

    def __enter__(self) -> "Under":
        """Wait until both processes answer: some servers lose a signal that comes while the second one starts."""
        super().__enter__()
        seen: set[bytes] = set()
        deadline = time.monotonic() + 20
        while len(seen) < PROCESSES:
            assert time.monotonic() < deadline, self.lines()
            seen.add(self.get("/process").body)
        return self
