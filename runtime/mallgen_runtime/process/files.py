"""The number of files and connections that the process may have open."""

import contextlib

UNLIMITED = 1 << 30


def raise_limit() -> None:
    """Raise the soft limit to the hard one, as Go's runtime does: 1024 connections are few for a server."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def limit() -> int:
    """Return how many files the process may have open."""
    try:
        import resource
    except ImportError:
        return UNLIMITED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft
