"""The crash harness, shortened, and a check that it notices a generator without a journal."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
WITHOUT = """
import sys
from mallgen.disk import transaction
from mallgen.disk import filelock
from mallgen.disk.transaction import STAGE, JOURNAL

def at_once(self, changes, signals):
    '''Plain writes, in their places.'''
    import os
    for change in changes:
        path = os.path.join(self._root.path, change.path)
        if change.data is None:
            os.remove(path)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(change.data)

transaction.Staging.commit = at_once
transaction.Staging.carry_out = lambda self: transaction.Outcome((), ())
from tests.crash.__main__ import main
sys.exit(main())
"""


def crash(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run the harness as a process of its own, because it forks."""
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False)


def test_no_kill_loses_anything() -> None:
    ran = crash("-m", "tests.crash", "--random", "500", "--nested", "16")
    print(ran.stdout)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_harness_sees_plain_writes() -> None:
    ran = crash("-c", WITHOUT, "--random", "0")
    assert ran.returncode == 1
    assert ran.stderr.startswith("LOST: ")
