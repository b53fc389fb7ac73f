"""Measure the CPU microseconds of an access log line: by a record of `logging`, and as the runtime writes it."""

import logging
import statistics
import sys
import time
from collections.abc import Callable

from mallgen_runtime.process import logs
from mallgen_runtime.process.conf import LogConf

LINES = 5000
FIELDS: logs.Fields = {
    "request_id": "0" * 32,
    "trace": "0" * 32,
    "method": "GET",
    "path": "/v1/order/list",
    "route": "/v1/order/list",
    "status": 200,
    "duration": "1.2ms",
    "client": "127.0.0.1:50000",
}


def main() -> None:
    """Print both medians and their ratio to stderr; stdout has the log lines, so redirect it as a service's."""
    logs.set_up(LogConf())
    logger = logging.getLogger("mallgen.access")
    record, direct = [], []
    for _ in range(9):
        record.append(_cost(lambda: logger.log(logging.INFO, "%s", "[HTTP] 200", extra={"fields": FIELDS})))
        direct.append(_cost(lambda: logs.access(logging.INFO, "[HTTP] 200", "http", FIELDS)))
    before, after = statistics.median(record), statistics.median(direct)
    print(f"a record {before:.1f} us, a line {after:.1f} us: {before / after:.1f}x", file=sys.stderr)


def _cost(write: Callable[[], None]) -> float:
    started = time.process_time()
    for _ in range(LINES):
        write()
    return (time.process_time() - started) / LINES * 1e6


if __name__ == "__main__":
    main()
