"""`make soak`: overload, two hundred restarts under load, and ten minutes at half load; prints the figures."""

import sys

from tests.load import overload, restarts, steady


def main() -> int:
    """Run all three; return 1 when a promise is broken."""
    over = overload.main(20.0)
    lost = restarts.main(200, 100_000).lost
    long = steady.main(600.0)
    late = [figures for figures in over if figures.share < 0.85 or figures.under.p99 > 100]
    return bool(late or lost or long.failed or not long.is_flat)


if __name__ == "__main__":
    sys.exit(main())
