"""The tables of the outbox, and their DDL in any dialect."""

from mallgen.tables.ddl import script
from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read

OUTBOX, RELAY = "mallgen_outbox", "mallgen_outbox_relay"
OWN = frozenset({OUTBOX, RELAY})  # tables that the runtime works with: no logic has a model of them

_DDL = """
CREATE TABLE `mallgen_outbox` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `service` varchar(255) NOT NULL,
  `topic` varchar(255) NOT NULL,
  `message_key` varbinary(1024) DEFAULT NULL,
  `value` longblob NOT NULL,
  `headers` longblob NOT NULL,
  `created` double NOT NULL,
  `attempts` int NOT NULL,
  `problem` varchar(255) NOT NULL,
  PRIMARY KEY (`id`)
);

CREATE TABLE `mallgen_outbox_relay` (
  `id` int NOT NULL,
  `owner` varchar(64) NOT NULL,
  `until` double NOT NULL,
  PRIMARY KEY (`id`)
);
"""


def ddl(dialect: Dialect) -> str:
    """Return the statements that make the tables of the outbox."""
    found = read([DdlSource("outbox.sql", _DDL)], Dialect.MYSQL)
    return script(found.schema.tables, dialect)
