"""python -m mallgen, and the command `mallgen`."""

import signal
import sys


def main() -> int:
    """Run the command line; an interrupt is quiet while the first modules are imported, and when all is done."""
    try:
        from mallgen.cli.fast import main as run

        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python would show it as an exception of what it takes down


if __name__ == "__main__":
    sys.exit(main())
