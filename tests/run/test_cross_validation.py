"""A generated service whose tags name other fields, over a socket."""

from pathlib import Path
from typing import Any

from tests.conftest import mallgen
from tests.run.service import Service

CONTRACT = """syntax = "v1"

type PayRequest {
	Kind     string  `json:"kind,optional"`
	Password string  `json:"passWord"`
	Again    string  `json:"again" validate:"eqfield=Password"`
	Low      int64   `json:"low,optional"`
	High     int64   `json:"high,optional" validate:"gtefield=Low"`
	Card     string  `json:"card,optional" validate:"required_if=Kind card,omitempty,len=4"`
	Iban     *string `json:"iban,optional" validate:"required_without=Card"`
	Day      string  `json:"day,optional" validate:"omitempty,datetime=2006-01-02"`
}

service pay-api {
	@handler Pay
	post /pay (PayRequest)
}
"""
LOGIC = "class PayLogic:\n    def __init__(self, ctx, svc): ...\n\n    async def pay(self, req) -> None: ...\n"
GOOD = {"passWord": "a", "again": "a", "iban": ""}


def test_other_fields_count(tmp_path: Path) -> None:
    (tmp_path / "pay.api").write_text(CONTRACT, encoding="utf-8")
    assert mallgen("api", "py", "-api", str(tmp_path / "pay.api"), "-dir", str(tmp_path)).code == 0
    (tmp_path / "pay_api" / "logic" / "pay_logic.py").write_text(LOGIC, encoding="utf-8")
    with Service(tmp_path, "pay_api") as service:

        def wrong(**fields: Any) -> list[tuple[str, str]]:
            answer = service.post("/pay", {**GOOD, **fields})
            if answer.status == 200:
                return []
            assert answer.status == 400
            return [(error["name"], error["reason"]) for error in answer.json()["errors"]]

        assert wrong() == []
        assert wrong(kind="card", card="1234", low=1, high=1, day="2024-02-29") == []
        assert wrong(again="b", low=2, high=1, kind="card", day="2023-02-29", iban=None) == [
            ("again", "must equal `passWord`"),
            ("high", "must be at least `low`"),
            ("card", "is required when `kind` is card"),
            ("iban", "is required without `card`"),
            ("day", "must be a time written as 2006-01-02"),
        ]
        assert wrong(kind="card", card="12") == [("card", "must have exactly 4 characters")]
