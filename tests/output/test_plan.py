"""Ownership: the files that a second run writes, and those it must not touch."""

from pathlib import Path

import pytest

from mallgen.output.digest import digest
from mallgen.output.files import ExpectedFiles, File
from mallgen.output.manifest import BadLock, Lock, parse
from mallgen.output.plan import StepKind, plan
from mallgen.output.recognise import Survey
from mallgen.output.records import (
    DOUBT,
    FIRST_TEST,
    GONE,
    SERVICE_CONTEXT,
    Class,
    ClassField,
    ContractLine,
    Origin,
    Owner,
    Record,
    Renamed,
    Role,
    Shape,
)
from tests.cli.test_wrong_inputs import GOOD, everything
from tests.conftest import mallgen, tree

ALWAYS = File("a.py", "new\n", Owner.ALWAYS, Role("a"))
ONCE = File("b.py", "stub\n", Owner.ONCE, Role("b"))


def planned(content: bytes | None, recorded: bytes | None = None, file: File = ALWAYS) -> tuple[StepKind, str]:
    """Return the step for one file, from its content on disk and the content that mallgen.lock recorded."""
    present = frozenset() if content is None else frozenset({file.path})
    disk = Survey({file.path: content or b""}, present, "")
    records = () if recorded is None else (Record("x.api", file.path, Owner.ALWAYS, Role("a"), digest(recorded)),)
    (step,) = plan(ExpectedFiles("x.api", (file,)), disk, Lock((), records)).steps
    return step.kind, step.backup


@pytest.mark.parametrize(
    ("content", "recorded", "kind", "backup"),
    [
        (None, None, StepKind.CREATE, ""),
        (None, b"old\n", StepKind.CREATE, ""),
        (b"new\n", None, StepKind.KEEP, ""),
        (b"new\r\n", None, StepKind.KEEP, ""),
        (b"old\n", b"old\n", StepKind.UPDATE, ""),
        (b"old\r\n", b"old\n", StepKind.UPDATE, ""),
        (b"mine\n", b"old\n", StepKind.UPDATE, ".mallgen/backup/a.py"),
        (b"mine\n", None, StepKind.UPDATE, ".mallgen/backup/a.py"),
    ],
)
def test_always(content: bytes | None, recorded: bytes | None, kind: StepKind, backup: str) -> None:
    assert planned(content, recorded) == (kind, backup)


@pytest.mark.parametrize(
    ("content", "kind"), [(None, StepKind.CREATE), (b"mine\n", StepKind.IGNORE), (b"", StepKind.IGNORE)]
)
def test_once(content: bytes | None, kind: StepKind) -> None:
    assert planned(content, file=ONCE) == (kind, "")


def test_a_lock_reads_what_it_wrote() -> None:
    records = (
        Record("a\tb.api", "p.py", Owner.ONCE, Role("logic", "GET /x"), "-"),
        Record("c.api", "q\\n.py", Owner.ALWAYS, FIRST_TEST, "00"),
        Record(
            "c.api", "r.py", Owner.ONCE, Role("logic", "POST /x"), "11", Shape(3, "X", "Y", "Z.z"), Origin("p.py", True)
        ),
        Record("c.api", "s.py", Owner.ONCE, SERVICE_CONTEXT, "22", Shape(GONE, "", "None", "z"), Origin("q.py", False)),
        Record("c.api", "t.py", Owner.ONCE, Role("middleware", "t"), "33", Shape(DOUBT, "", "Response", "T.handle")),
    )
    classes = (Class("c.api", "a.B", (ClassField("x", "x"), ClassField("y", "why"))), Class("c.api", "a.C"))
    lock = Lock(
        (ContractLine("api", "a\tb.api"), ContractLine("api", "c.api")),
        records,
        classes,
        (Renamed("c.api", "a.A", "a.B"),),
    )
    assert parse(lock.text()) == lock
    assert parse("") == Lock()


def test_a_merge_by_union_is_read() -> None:
    ours = Lock((ContractLine("api", "a.api"),), (Record("a.api", "p.py", Owner.ALWAYS, Role("x"), "00"),)).text()
    theirs = Lock((ContractLine("api", "b.api"),), (Record("a.api", "p.py", Owner.ALWAYS, Role("x"), "11"),)).text()
    merged = parse(ours + theirs.split("\n", 2)[2])
    assert [line.path for line in merged.contracts] == ["a.api", "b.api"]
    assert {record.path for record in merged.files} == {"p.py"}


@pytest.mark.parametrize(
    "text", ["mallgen.lock 2\n", "x\n", "mallgen.lock 1\n<<<< ours\n", "mallgen.lock 1\nfile\ta\n"]
)
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(BadLock):
        parse(text)


def test_a_second_run_touches_nothing(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".").code == 0
    before = everything(here)
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".").code == 0
    assert everything(here) == before


def test_the_users_files_are_not_opened_for_writing(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".").code == 0
    logic = here / "a_api" / "logic" / "greet_logic.py"
    logic.write_text("mine")
    logic.chmod(0o444)
    (here / "a.api").write_text(GOOD.replace("Name", "Nick"))
    ran = mallgen("api", "py", "-api", "a.api", "-dir", ".")
    assert (ran.code, logic.read_text()) == (0, "mine")
    assert "a_api/logic/greet_logic.py exists, ignored generation" in ran.out


def test_a_link_of_the_users_is_left_alone(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "a_api").mkdir()
    (here / "a_api" / "svc.py").symlink_to("nowhere.py")
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".").code == 0
    assert (here / "a_api" / "svc.py").is_symlink()
    assert not (here / "a_api" / "nowhere.py").exists()


def test_two_contracts_share_a_folder(here: Path) -> None:
    for name in ("a", "b"):
        (here / f"{name}.api").write_text(GOOD.replace("a-api", f"{name}-api"))
        assert mallgen("api", "py", "-api", f"{name}.api", "-dir", ".").code == 0
    lock = parse((here / "mallgen.lock").read_text())
    assert [line.path for line in lock.contracts] == ["a.api", "b.api"]
    before = tree(here)
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".").code == 0
    assert tree(here) == before


def test_a_dry_run_writes_nothing_and_lists_everything(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    before = everything(here)
    ran = mallgen("api", "py", "-api", "a.api", "-dir", "out", "--dry-run")
    assert (ran.code, everything(here)) == (0, before)
    assert "create out/a_api/routes.py" in ran.out.splitlines()
