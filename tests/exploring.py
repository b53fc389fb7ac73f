"""The inputs of property tests: the same in each run, or new ones where MALLGEN_EXPLORE is set (`make explore`).

hypothesis also draws constants of the modules that its process has loaded, which depend on the tests that a worker has
run before: with one seed, each run had other inputs, and refused what nobody had changed.
"""

import os
import random
from collections.abc import Callable
from typing import Any

from hypothesis import seed, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.internal.constants_ast import Constants

from mallgen.text.limits import DEFAULT
from tests import random_contracts
from tests.hostile_texts import PAYLOADS

EXPLORES = bool(os.environ.get("MALLGEN_EXPLORE"))


def choose_inputs() -> None:
    """Let all property tests draw the inputs of this run."""
    if not EXPLORES:
        # there is no setting for it; where a later hypothesis has another name, tests/test_exploring.py fails
        provider: Any = HypothesisProvider
        provider._local_constants = _constants()
    settings.register_profile(
        "mallgen",
        deadline=None,  # a busy machine is not a slow function
        derandomize=not EXPLORES,
    )
    settings.load_profile("mallgen")


def _constants() -> Constants:
    """Return what is drawn in the place of constants that modules have: what has been troublesome before."""
    texts: Any = sorted({*PAYLOADS, *random_contracts.TEXTS, *random_contracts.KEYS, *random_contracts.HOSTILE})
    sizes = {limit for limit in DEFAULT if limit >= 100} | {1 << bits for bits in range(7, 16)}
    numbers: Any = sorted({size + more for size in sizes for more in (-1, 0, 1)})
    return Constants(strings=texts, integers=numbers)


def numbered(part: int) -> Callable[[Any], Any]:
    """Return the decorator of a test that gives each of its parts other inputs."""
    return seed(random.SystemRandom().getrandbits(64) if EXPLORES else part)
