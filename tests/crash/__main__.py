"""Kill runs at every event of every scenario, then at random ones, and print how often each outcome was seen."""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash.harness import Harness
from tests.crash.promises import Lost, Promises, scratch


def main() -> int:
    """Run the trials; return 0 when every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=500, help="random kills, half of them from outside")
    parser.add_argument("--nested", type=int, default=1, help="recovery is struck for each n-th event that needs one")
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `&` and nohup start us with it ignored
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    started = time.monotonic()
    figures: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=scratch()) as name:
        try:
            campaign(Harness(Path(name)), words.random, words.nested, random.Random(words.seed), figures)
        except Lost as problem:
            print(f"LOST: {problem}", file=sys.stderr)
            return 1
        finally:
            for what, count in sorted(figures.items()):
                print(f"{count:>8}  {what}")
            print(f"{time.monotonic() - started:>8.0f}  seconds")
    return 0


def campaign(harness: Harness, kills: int, nested: int, chance: random.Random, figures: Counter[str]) -> None:
    """Kill at every event, during recoveries too, send signals, then kill at random."""
    scenarios = list(harness.prepared())
    for prepared in scenarios:
        promises = Promises(harness, prepared, figures)
        print(f"{prepared.scenario.name}: {len(prepared.new)} files, {prepared.events} events")
        for number in range(1, prepared.events + 1):
            assert promises.kill(number), number
            figures["events struck"] += 1
            if promises.begun and promises.begun % nested == 0:
                promises.kill_nested(number)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for number in range(1, prepared.events + 1, 3):
                promises.signal(number, signum)
                figures["signals"] += 1
    for number in range(kills):
        prepared = chance.choice(scenarios)
        promises = Promises(harness, prepared, figures)
        if number % 2:
            promises.kill(chance.randint(1, prepared.events))
        else:
            promises.kill_after(chance.randint(1, prepared.events), chance.expovariate(2000))
        figures["random kills"] += 1


if __name__ == "__main__":
    sys.exit(main())
