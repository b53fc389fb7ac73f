"""mallgen rmq tail, send and dlq: look into a topic, or send to it, with the service's own settings and messages."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import structs

from mallgen.cli.comparing import ChosenTargets, choose
from mallgen.cli.console import ENVIRONMENT, FINDINGS, USAGE, report, say
from mallgen.cli.options import Values
from mallgen.cli.writing import current_workspace
from mallgen.dev.environment import queue_file
from mallgen.dev.service import Spec
from mallgen.diagnostics import Diagnostic
from mallgen.kinds import protos, rmq
from mallgen.kinds.kind import STARTED
from mallgen.kinds.target import Target
from mallgen.output.records import SETTINGS
from mallgen.proto.load import load_protos
from mallgen.proto.topics import SUFFIX, topics
from mallgen.text.suggest import did_you_mean
from mallgen.workspace.targets import make

_TOOL = "mallgen_runtime.queue.tool"


class _Consumer(NamedTuple):
    """A queue service with the names of its topics."""

    target: Target
    topics: tuple[str, ...]


def run(values: Values) -> int:
    """Run the tool of the runtime in the folder of the service that has the topic; return its exit code."""
    count = values.text("count")
    if count and not (count.isascii() and count.isdigit() and int(count)):
        say(f"error[usage] `--count {count}` is no number of messages")
        say("  = help: write a number from 1 on")
        return USAGE
    chosen = choose(values)
    if chosen.problems:
        return report([_for_topics(one) for one in chosen.problems], {}, "; nothing was done")
    asked = values.text("topic")
    services = [*_consumers(chosen)]
    for service in services:
        if asked.removesuffix(SUFFIX) in service.topics:
            return _start(service.target, values)
    known = sorted(name for service in services for name in service.topics)
    say(f"error[usage] there is no topic `{asked}` here")
    say(f"  = help: {did_you_mean(asked, known) or _known(known)}")
    return USAGE


def _for_topics(problem: Diagnostic) -> Diagnostic:
    """Return a problem with the way out that these commands have, which take a folder and no contract."""
    if problem.code not in ("contract-missing", "no-workspace"):
        return problem
    return structs.replace(problem, hint="name the folder of a queue service: -dir FOLDER")


def _known(topics: Sequence[str]) -> str:
    if not topics:
        return 'the workspace has no queue service: kind = "rmq" in mallgen.toml makes one of a proto'
    return f"the topics are {', '.join(topics)}"


def _consumers(chosen: ChosenTargets) -> Iterator[_Consumer]:
    for target in chosen.targets:
        if target.kind == rmq.KIND.name:
            loaded = load_protos(protos.protos(target), target.option(protos.INCLUDES))
            found = topics(loaded.contract) if loaded.contract is not None else ()
            yield _Consumer(target, tuple(topic.name for topic in found))


def _workspace_of(target: Target) -> str:
    """Return the folder of the workspace that has the service, empty without one."""
    workspace = current_workspace()
    mine = os.path.realpath(target.folder)
    is_member = any(os.path.realpath(member.folder) == mine for member in workspace.members)
    return os.path.dirname(workspace.path) if is_member else ""


def _start(target: Target, values: Values) -> int:
    made = make(target, prove=False)
    if not made.files:
        return report(made.diagnostics, made.sources, "; nothing was done")
    settings = next(file.path for file in made.files if file.role == SETTINGS)
    spec = Spec(target.service, STARTED, target.folder, made.package, 0, (), settings)
    if not os.path.isfile(os.path.join(target.folder, settings)):
        problem = f"`{os.path.join(target.folder, settings)}` is not there: it says where the queue is"
        return report([Diagnostic("contract-missing", problem, hint="run `mallgen gen`")], {}, "; nothing was done")
    try:
        own = queue_file(_workspace_of(target))
    except OSError as problem:
        say(f"error[environment] cannot make the folder of the workspace's queue: {problem}")
        return ENVIRONMENT
    given = {"MALLGEN_QUEUE": own} if own else {}
    words = [spec.python, "-m", _TOOL, spec.package, "-f", settings, *_words(values)]
    try:
        ended = subprocess.run(words, cwd=spec.folder, env={**given, **os.environ}, check=False)  # noqa: S603
    except OSError as problem:
        say(f"error[environment] cannot run {spec.python}: {problem.strerror}")
        return ENVIRONMENT
    return FINDINGS if ended.returncode < 0 else ended.returncode


def _words(values: Values) -> list[str]:
    """Return the command line of the tool."""
    words = [values.text("verb"), values.text("topic")]
    words += ["--message", values.text("json")] if values.text("json") else []
    words += ["--key", values.text("key")] if values.text("key") else []
    words += ["--count", values.text("count")] if values.text("count") else []
    return words + (["--first"] if values.flag("first") else [])
