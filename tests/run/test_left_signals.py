"""Tests that leave signals ignored or held do so for themselves alone."""

import signal

from mallgen_runtime.process import run


def test_one_ignores_and_holds_signals() -> None:
    run.ignore_signals()
    run._hold_signals()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def test_the_next_one_has_them_as_before() -> None:
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_IGN
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(run.STOPPING)
