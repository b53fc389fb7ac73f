"""The entry point of `python -m mallgen` and of the command `mallgen`."""

import signal
import sys


def main() -> int:
    """Run the command line and return its exit code; Ctrl-C ends it without a traceback, even in the first imports."""
    try:
        from mallgen.cli.fast import main as run

        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the interpreter's shutdown would print a traceback


if __name__ == "__main__":
    sys.exit(main())
