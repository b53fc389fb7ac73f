"""A change of a proto is shown by a message that one version writes and the other one refuses or reads otherwise."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from mallgen.witness.child import Child, Plain
from tests.witness.pairs import Versions

HEAD = 'syntax = "proto3";\npackage shop;\n'
BODY = "\nmessage Order {{ {fields} }}\nservice Orders {{ rpc Add(Order) returns (Order); }}\n"
BINARY = [
    ("int64 id = 1;", "int64 id = 2;", 'Order {"id": "1"} (0801): new servers read `id` as nothing, not 1'),
    ("int64 id = 1;", "", 'Order {"id": "1"} (0801): new servers have no `id`, and lose 1'),
    ("int64 id = 1;", "string id = 1;", 'Order {"id": "1"} (0801): new servers read `id` as nothing, not 1'),
    (
        "int64 id = 1;",
        "int32 id = 1;",
        'Order {"id": "4294967296"} (088080808010): new servers read `id` as nothing, not 4294967296',
    ),
    ("string id = 1;", "bytes id = 1;", 'Order {"id": "/w=="} (0a01ff): old clients refuse it: Error parsing message'),
    ("string id = 1;", "optional string id = 1;", ""),
    ("int32 id = 1;", "int64 id = 1;", 'Order {"id": "4294967296"} (088080808010): old clients read `id` as nothing'),
    ("bytes id = 1;", "string id = 1;", 'Order {"id": "/w=="} (0a01ff): new servers refuse it'),
]
JSON = [
    ("int64 id = 1;", "int64 key = 1;", 'Order {"id": "1"}: new servers refuse it: Message type "shop.Order" has no'),
    ("int64 id = 1;", "int64 id = 2;", ""),
    ("int32 id = 1;", "int64 id = 1;", 'Order {"id": "4294967296"}: old clients refuse it'),
]


@pytest.mark.parametrize("old, new, line", BINARY)
def test_bytes_show_a_change(versions: Versions, tmp_path: Path, old: str, new: str, line: str) -> None:
    texts = (HEAD + BODY.format(fields=fields) for fields in (old, new))
    found = versions.of_protos(tmp_path, *texts).field("id", "wire")
    assert found.startswith(line) and bool(found) == bool(line)


@pytest.mark.parametrize("old, new, line", JSON)
def test_json_shows_a_change(versions: Versions, tmp_path: Path, old: str, new: str, line: str) -> None:
    texts = (HEAD + BODY.format(fields=fields) for fields in (old, new))
    found = versions.of_protos(tmp_path, *texts).field("id", "json")
    assert found.startswith(line) and bool(found) == bool(line)


def test_a_call_shows_that_an_rpc_is_gone(versions: Versions, tmp_path: Path) -> None:
    old = HEAD + BODY.format(fields="int64 id = 1;")
    found = versions.of_protos(tmp_path, old, old.replace("rpc Add", "rpc Put")).call("Add")
    assert found == "/shop.Orders/Add: served before, UNIMPLEMENTED: Method not found! now"
    assert versions.of_protos(tmp_path, old, old).call("Add") == ""


STREAMS = [
    ("Order", "Order", "Order", "stream Order", "RESOURCE_EXHAUSTED"),
    ("stream Order", "Order", "Order", "Order", "RESOURCE_EXHAUSTED"),
    ("Order", "Order", "stream Order", "Order", ""),  # one message is a stream of one
    ("Order", "stream Order", "Order", "Order", ""),
]


@pytest.mark.parametrize("old_in, old_out, new_in, new_out, code", STREAMS)
def test_calls_over_a_socket_show_that_streams_have_changed(
    versions: Versions, tmp_path: Path, old_in: str, old_out: str, new_in: str, new_out: str, code: str
) -> None:
    text = HEAD + "message Order {{ int64 id = 1; }}\nservice Orders {{ rpc Add({}) returns ({}); }}\n"
    found = versions.of_protos(tmp_path, text.format(old_in, old_out), text.format(new_in, new_out)).call("Add")
    assert found.endswith(f"answered before, ends with {code} now") if code else found == ""


def test_a_pause_in_a_call_of_the_old_version_hides_no_change(
    versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, paused = Child.ask, list[str]()

    def ask(child: Child, question: str, service: str, items: Sequence[Plain]) -> list[Plain]:
        found = real(child, question, service, items)
        if question != "stream" or paused:
            return found
        paused.append(service)
        return [{"error": "DEADLINE_EXCEEDED"}]

    monkeypatch.setattr(Child, "ask", ask)
    text = HEAD + "message Order {{ int64 id = 1; }}\nservice Orders {{ rpc Add(Order) returns ({} Order); }}\n"
    found = versions.of_protos(tmp_path, text.format(""), text.format("stream")).call("Add")
    assert paused and found.endswith("answered before, ends with RESOURCE_EXHAUSTED now")
