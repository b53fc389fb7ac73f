"""Measure `mallgen model ddl` on a hundred tables, beside goctl where it is or can be built.

The tables have ten columns, a unique key and an index each. The figures are seconds of whole processes, the medians of
`--runs` turns in which both take part; the folder is empty before each of them.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.differential.goctl import Missing, command  # noqa: E402

TABLES = 100
TABLE = """CREATE TABLE `table_{number}` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'the id',
  `code` varchar(32) NOT NULL COMMENT 'unique',
  `owner_id` bigint unsigned NOT NULL DEFAULT 0,
  `name` varchar(100) NOT NULL DEFAULT '',
  `price` decimal(20,2) NOT NULL DEFAULT 0,
  `status` tinyint NOT NULL DEFAULT 1,
  `note` text,
  `data` json DEFAULT NULL,
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_code` (`code`),
  KEY `ix_owner_id_create_time` (`owner_id`, `create_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
"""


def main() -> int:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs: int = parser.parse_args().runs
    mallgen = [str(Path(sys.executable).with_name("mallgen")), "model", "ddl", "-src", "all.sql", "-dir", "out", "-q"]
    tools = {"mallgen model ddl": mallgen}
    try:
        tools["goctl model mysql ddl"] = [str(command()), "model", "mysql", "ddl", "-src", "all.sql", "-dir", "out"]
    except Missing as missing:
        print(f"without goctl: {missing}", file=sys.stderr)
    taken: dict[str, list[float]] = {name: [] for name in tools}
    with tempfile.TemporaryDirectory() as folder:
        text = "".join(TABLE.format(number=number) for number in range(TABLES))
        (Path(folder) / "all.sql").write_text(text, encoding="utf-8")
        for _ in range(runs):
            for name, words in tools.items():
                taken[name].append(seconds(words, folder))
    for name, times in taken.items():
        print(f"{name}: {TABLES} tables in {statistics.median(times):.2f} s")
    return 0


def seconds(words: list[str], folder: str) -> float:
    """Return the time of one process that generates into an empty folder."""
    shutil.rmtree(Path(folder) / "out", ignore_errors=True)
    began = time.perf_counter()
    subprocess.run(words, cwd=folder, env=dict(os.environ), check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
