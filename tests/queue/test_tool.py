"""`mallgen rmq send`, `tail` and `dlq` beside a service that consumes, on the embedded queue."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import any_pb2

from mallgen_runtime.queue import Topic, tool
from mallgen_runtime.queue.conf import Where
from mallgen_runtime.queue.dead_letters import bare_letter_of, letter_of
from mallgen_runtime.queue.embedded import EmbeddedQueue
from mallgen_runtime.queue.link import Place, Record
from tests.conftest import ROOT
from tests.queue.kit import app_of
from tests.queue.messages import OrderRequest

Environment = Mapping[str, str]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Return the environment of commands and services, with a queue of the test's own."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "runtime")])
    return {**os.environ, "PYTHONPATH": paths, "MALLGEN_QUEUE": str(tmp_path / "queue.db")}


@pytest.fixture
def service(tmp_path: Path, environment: Environment) -> Path:
    """Return the folder of a new queue service."""
    mallgen(tmp_path, environment, "rmq", "new", "mails")
    return tmp_path / "mails"


def mallgen(folder: Path, environment: Environment, *words: str) -> subprocess.CompletedProcess[str]:
    """Run mallgen in a folder."""
    command = [sys.executable, "-m", "mallgen", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def messages(ran: subprocess.CompletedProcess[str]) -> list[object]:
    """Return the messages of the lines that `tail` or `dlq list` printed."""
    return [json.loads(line)["message"] for line in ran.stdout.splitlines()]


def test_what_is_sent_is_read(service: Path, environment: Environment) -> None:
    """A message with a key is read back with its key, type and ids; one that the contract does not have is refused."""
    sent = mallgen(service, environment, "rmq", "send", "mails.requested", '{"text": "one"}', "--key", "7")
    assert (sent.returncode, sent.stdout) == (0, ""), sent.stderr
    wrong = mallgen(service, environment, "rmq", "send", "mails.requested", '{"txt": "one"}')
    assert wrong.returncode == 1
    assert "its fields are text" in wrong.stderr
    read = mallgen(service, environment, "rmq", "tail", "mails.requested", "--first", "--count", "1")
    (line,) = map(json.loads, read.stdout.splitlines())
    assert (line["topic"], line["key"], line["message"]) == ("mails.requested", "7", {"text": "one"})
    assert line["headers"]["x-schema"] == "mails.Request"
    assert line["headers"]["x-message-id"] in sent.stderr


def shown(value: bytes, kind: type[Any], written: float) -> dict[str, Any]:
    """Return what `tail` prints of a message of topic `t`."""
    (bound,) = app_of({"t": nothing}, {}).bound.values()
    topic = Topic("t", nothing, kind)
    record = Record(Place("t", 0), 7, b"k", value, (), written)
    return tool._shown(tool.AskedTopic(topic, bound.delivery, "t"), record)


async def nothing(*given: Any) -> None: ...


@pytest.mark.parametrize("written", [9e15, -9e15, 1e300])
def test_a_time_that_no_calendar_has_is_shown_as_it_is(written: float) -> None:
    found = shown(b'{"number": "3"}', OrderRequest, written)
    assert found["written"].startswith("unreadable: ") and found["message"] == {"number": "3"}


def test_a_message_that_json_cannot_have_is_shown_as_bytes() -> None:
    value = any_pb2.Any(type_url="type.googleapis.com/no.Such", value=b"x").SerializeToString()
    found = shown(value, any_pb2.Any, 0.0)
    assert "no.Such" in found["unreadable"] and "no.Such" in found["value"] and "message" not in found


def test_a_key_or_message_that_is_no_text_is_refused(service: Path, environment: Environment) -> None:
    bad = os.fsdecode(b"a\xff")
    for words in (("{}", "--key", bad), ('{"text": "' + bad + '"}',)):
        ran = mallgen(service, environment, "rmq", "send", "mails.requested", *words)
        assert ran.returncode == 1
        assert ran.stderr.startswith("error[message]") and "UTF-8" in ran.stderr
        assert len(ran.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tail", "mails.requestd"), "did you mean `mails.requested`?"),
        (("tail", "other"), "the topics are mails.requested"),
        (("tail", "mails.requested", "--count", "0"), "write a number from 1 on"),
        (("dlq", "list", "nothing"), "the topics are mails.requested"),
    ],
)
@pytest.mark.slow
def test_a_wrong_word_has_a_way_out(service: Path, environment: Environment, words: tuple[str, ...], said: str) -> None:
    ran = mallgen(service, environment, "rmq", *words)
    assert ran.returncode == 2
    assert said in ran.stderr


@pytest.mark.slow
def test_a_broken_setting_is_one_line(service: Path, environment: Environment) -> None:
    settings = service / "etc" / "mails.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "Retries: many\n", encoding="utf-8")
    ran = mallgen(service, environment, "rmq", "send", "mails.requested", "{}")
    assert ran.returncode == 3
    assert ran.stderr.startswith("error[config] etc/mails.yaml:")
    assert len(ran.stderr.splitlines()) == 1


def test_a_dead_letter_without_its_value_is_told_and_not_replayed(service: Path, environment: Environment) -> None:
    async def main() -> None:
        queue = EmbeddedQueue(Where(file=environment["MALLGEN_QUEUE"], partitions=8))
        await queue.create({"mails.requested.dlq": 1})
        link = queue.producer()
        await link.start()
        place = Place("mails.requested", 3)
        whole = Record(place, 41, b"k", b'{"text": "one"}', (("content-type", b"application/json"),), 0.0)
        await link.send([bare_letter_of(whole, ".dlq", ValueError("no"), 2), letter_of(whole, ".dlq", None, 2)])
        await link.close()

    asyncio.run(main())
    listed = mallgen(service, environment, "rmq", "dlq", "list", "mails.requested")
    bare, _ = map(json.loads, listed.stdout.splitlines())
    assert "15 bytes" in bare["unreadable"] and "message" not in bare
    replayed = mallgen(service, environment, "rmq", "dlq", "replay", "mails.requested")
    assert "mails.requested 3/41 is not sent again" in replayed.stderr
    assert "1 dead letter of mails.requested.dlq sent to mails.requested again" in replayed.stderr
    read = mallgen(service, environment, "rmq", "tail", "mails.requested", "--first", "--count", "1")
    assert messages(read) == [{"text": "one"}]
    assert not mallgen(service, environment, "rmq", "dlq", "list", "mails.requested").stdout


@pytest.fixture
def failing(service: Path, environment: Environment) -> Iterator[Path]:
    """Run the service with logic that fails, and few retries."""
    logic = service / "mails_rmq" / "logic" / "requested_logic.py"
    text = logic.read_text(encoding="utf-8")
    logic.write_text(text.replace('self.ctx.log.info("got %s", msg.text)', "raise ValueError(msg.text)"), "utf-8")
    settings = service / "etc" / "mails.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "Retries: 1\nBackoff: 10ms\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "mails_rmq"], cwd=service, env=environment, stdout=subprocess.DEVNULL, stderr=-3
    )
    yield service
    process.terminate()
    assert process.wait(30) == 0


@pytest.mark.slow
def test_dead_letters_are_listed_and_replayed_once(failing: Path, environment: Environment) -> None:
    for text in ("one", "two"):
        mallgen(failing, environment, "rmq", "send", "mails.requested", json.dumps({"text": text}), "--key", "k")

    def dead(*more: str) -> list[object]:
        return messages(mallgen(failing, environment, "rmq", "dlq", "list", "mails.requested", *more))

    over = time.monotonic() + 30
    while len(dead()) < 2 and time.monotonic() < over:
        time.sleep(0.2)
    assert dead() == [{"text": "one"}, {"text": "two"}]
    assert dead("--count", "1") == [{"text": "one"}]
    replayed = mallgen(failing, environment, "rmq", "dlq", "replay", "mails.requested", "--count", "1")
    assert "1 dead letter of mails.requested.dlq sent to mails.requested again" in replayed.stderr
    while len(dead()) < 2 and time.monotonic() < over:
        time.sleep(0.2)
    assert dead() == [{"text": "two"}, {"text": "one"}]  # it failed again, and stands behind the other one


@pytest.fixture
def workspace(service: Path) -> Path:
    """Return the folder of a workspace that has the service."""
    (service.parent / "mallgen.toml").write_text(
        '[service.mails]\nkind = "rmq"\ncontract = "mails/mails.proto"\ndir = "mails"\n', encoding="utf-8"
    )
    return service.parent


@pytest.mark.slow
def test_the_queue_of_a_workspace_is_one_file(workspace: Path, environment: Environment) -> None:
    """The first run of `mallgen dev` reads messages that were sent before it; those of a run are there afterwards."""
    given = {name: value for name, value in environment.items() if name != "MALLGEN_QUEUE"}
    sent = mallgen(workspace, given, "rmq", "send", "mails.requested", '{"text": "before"}')
    own = str(workspace / ".mallgen" / "queue.db")
    assert (sent.returncode, own in sent.stderr) == (0, True), sent.stderr
    again = [sys.executable, "-m", "mallgen", "rmq", "send", "mails.requested", '{"text": "within"}']
    waits = "import subprocess, sys, time; subprocess.run(sys.argv[1:], check=True); time.sleep(3)"
    ran = mallgen(workspace, given, "dev", "--once", sys.executable, "-c", waits, *again)
    assert ran.returncode == 0, ran.stderr
    assert "got before" in ran.stderr
    assert "got within" in ran.stderr
    read = mallgen(workspace, given, "rmq", "tail", "mails.requested", "--first", "--count", "2")
    assert sorted(map(str, messages(read))) == ["{'text': 'before'}", "{'text': 'within'}"]
    assert [path.name for path in (workspace / ".mallgen").glob(".gitignore")] == [".gitignore"]


@pytest.mark.slow
def test_a_file_that_is_no_queue_has_its_own_way_out(service: Path, environment: Environment) -> None:
    """The help speaks of the file where no settings name brokers."""
    Path(environment["MALLGEN_QUEUE"]).write_bytes(b"no database at all" * 100)
    ran = mallgen(service, environment, "rmq", "tail", "mails.requested", "--count", "1")
    assert ran.returncode == 3
    assert "file is not a database" in ran.stderr
    help_line = "move the file away, or name another one by File in the settings or MALLGEN_QUEUE"
    assert f"  = help: {help_line}\n" in ran.stderr


def test_a_folder_without_a_service_is_named(tmp_path: Path, environment: Environment) -> None:
    """No help line names an option that the command does not have."""
    (tmp_path / "empty").mkdir()
    ran = mallgen(tmp_path, environment, "rmq", "send", "mails.requested", "{}", "-dir", "empty")
    assert ran.returncode == 3
    assert "-api" not in ran.stderr
    assert "= help: name the folder of a queue service: -dir FOLDER" in ran.stderr
