"""Names of spans: few, whatever clients send."""

from typing import Any

import pytest

from mallgen_runtime.http import traced
from mallgen_runtime.http.messages import Context
from mallgen_runtime.process import spans


class Kept:
    """Keeps the names and attributes of spans, and begins none."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def serve(self, name: str, here: Any, parent: str, attributes: dict[str, Any]) -> Any:
        self.seen.append((name, attributes))
        raise InterruptedError


@pytest.mark.parametrize(("method", "name", "attribute"), [("GET", "GET", "GET"), ("X1234", "HTTP", "_OTHER")])
def test_a_client_makes_no_names_of_spans(
    method: str, name: str, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError

    kept = Kept()
    monkeypatch.setattr(spans, "active", kept)
    with pytest.raises(InterruptedError):
        traced.begin(Context({"method": method, "path": "/none", "headers": []}, receive, {}, 0), None)
    assert [(one, found["http.request.method"]) for one, found in kept.seen] == [(name, attribute)]
