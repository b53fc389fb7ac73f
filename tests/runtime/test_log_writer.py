"""The thread that writes the log, and the line that says where a service listens."""

import asyncio
import fcntl
import logging
import os
import resource
import threading

import pytest

from mallgen_runtime import App, RestConf, ServiceBase
from mallgen_runtime.http.server import HttpServer
from mallgen_runtime.process.address import listening
from mallgen_runtime.process.logwriter import Writer

HIGH = 1500  # select() takes numbers below 1024


def test_a_full_pipe_with_a_high_number_is_waited_for() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= HIGH:
        pytest.skip(f"no more than {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, HIGH + 10), hard))
    reading, writing = os.pipe()
    high = fcntl.fcntl(writing, fcntl.F_DUPFD, HIGH)
    os.set_blocking(high, False)
    lines = [b"%07d\n" % number for number in range(50_000)]
    received: list[bytes] = []

    def read() -> None:
        while piece := os.read(reading, 4096):
            received.append(piece)

    try:
        writer = Writer(high, lambda count: b"%d dropped\n" % count)
        for line in lines:
            writer.put(line)
        thread = threading.Thread(target=read)
        thread.start()
        writer.flush(10)
        writer.close()
    finally:
        os.close(high)
        os.close(writing)
    thread.join(10)
    os.close(reading)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert b"".join(received) == b"".join(lines)


def test_an_ipv6_address_stands_in_brackets(caplog: pytest.LogCaptureFixture) -> None:
    conf = RestConf(name="a", host="::1", port=0)
    try:
        bound = listening("::1", 0)
    except Exception as problem:
        pytest.skip(f"no IPv6 here: {problem}")
    port = bound.getsockname()[1]

    async def run() -> None:
        server = HttpServer(App(conf, ServiceBase(conf), []), "a", bound, 0.0, 1.0, None)
        task = asyncio.create_task(server.run())
        while "listens on" not in caplog.text:
            await asyncio.sleep(0.01)
        _, writer = await asyncio.open_connection("::1", port)
        writer.close()
        server._failed()
        await asyncio.wait_for(task, 5)

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    assert f"a listens on [::1]:{port}" in caplog.text
