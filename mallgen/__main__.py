"""python -m mallgen, and the command `mallgen`."""

import sys


def main() -> int:
    """Run the command line; an interrupt is quiet even while the first modules are imported."""
    try:
        from mallgen.door import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
