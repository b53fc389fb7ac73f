"""Changes of rows that somebody else changes meanwhile, on a database whose transactions run at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests import servers
from tests.admin.service import AdminService, make
from tests.parts import wait_for

pytestmark = pytest.mark.slow
DDL = """CREATE TABLE `thing` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '1:on 2:off',
  PRIMARY KEY (`id`)
);

-- mallgen:version version
CREATE TABLE `part` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '1:on 2:off',
  `version` int NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
);
"""


class Office(NamedTuple):
    """A back office and the server of its database."""

    service: AdminService
    server: servers.MariaDb
    database: str

    def run(self, sql: str) -> str:
        """Run a statement in the database."""
        return self.server.run(sql, self.database)

    @contextmanager
    def meanwhile(self, sql: str) -> Iterator[None]:
        """Run a statement, which is committed when a request of the block waits for it: it has read what was before."""
        running = threading.Thread(target=self.run, args=(_HOLDING.format(sql=sql, mark=self.database),))
        running.start()
        mine = f"SELECT IS_USED_LOCK('{self.database}') IS NOT NULL"
        wait_for(lambda: self.run(mine).strip() == "1", "the statement has run", 30)
        yield
        running.join()


_HOLDING = """START TRANSACTION; {sql}; DO GET_LOCK('{mark}', 0);
DELIMITER //
BEGIN NOT ATOMIC
  DECLARE looks INT DEFAULT 0;
  REPEAT
    DO SLEEP(0.15); -- the server looks anew only when nobody has asked for a tenth of a second
    SET looks = looks + 1;
  UNTIL looks = 100 OR EXISTS (SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT') END REPEAT;
END//
DELIMITER ;
COMMIT;
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, mariadb_server: servers.MariaDb) -> Iterator[Office]:
    url = mariadb_server.database()
    database = url.rpartition("/")[2]
    folder = make(tmp_path_factory.mktemp("meanwhile"), "back-office", DDL, "thing,part")
    for file in ("tables.sql", "admin.sql"):
        mariadb_server.run((folder / "contracts" / "sql" / file).read_text(encoding="utf-8"), database)
    settings = next(folder.glob("etc/*.yaml"))
    text = settings.read_text(encoding="utf-8").replace("sqlite:///data/back_office.db", url)
    settings.write_text(text, encoding="utf-8")
    service = AdminService(folder, "back_office")
    service.start_with_ann()
    yield Office(service, mariadb_server, database)
    service.stop()


@pytest.mark.parametrize("table", ["thing", "part"])
@pytest.mark.parametrize(
    ("what", "status"),
    [("delete", {"thing": 404, "part": 409}), ("change-delete", {}), ("change-set", {})],
)
def test_a_row_that_is_gone_meanwhile_was_not_changed(
    office: Office, table: str, what: str, status: dict[str, int]
) -> None:
    key = office.service.ask("POST", f"/v1/{table}", {}).json["id"]
    with office.meanwhile(f"DELETE FROM {table} WHERE id = {key}"):
        said = _asked(office, table, key, what)
    assert said.status == status.get(table, 409), said.body
    assert _trail(office, table, key) == ["create"]


@pytest.mark.parametrize("what", ["delete", "change-delete", "change-set"])
def test_a_row_of_another_version_meanwhile_stays(office: Office, what: str) -> None:
    key = office.service.ask("POST", "/v1/part", {}).json["id"]
    with office.meanwhile(f"UPDATE part SET version = 1 WHERE id = {key}"):
        said = _asked(office, "part", key, what)
    assert (said.status, said.json["code"]) == (409, "changed")
    assert office.service.ask("GET", f"/v1/part/{key}").json == {"id": key, "status": 1, "version": 1}
    assert _trail(office, "part", key) == ["create"]


def _asked(office: Office, table: str, key: int, what: str) -> Any:
    """Send a request that reads the row before it changes it."""
    if what == "delete":
        query = "?version=0" if table == "part" else ""
        return office.service.ask("DELETE", f"/v1/{table}/{key}{query}")
    action = what.removeprefix("change-")
    change = {"keys": [key], "action": action, **({"status": 2} if action == "set" else {})}
    return office.service.ask("POST", f"/v1/{table}-change", change)


def _trail(office: Office, table: str, key: int) -> list[str]:
    sql = f"SELECT action FROM admin_audit WHERE table_name = '{table}' AND row_key = '{key}' ORDER BY id"
    return office.run(sql).split()
