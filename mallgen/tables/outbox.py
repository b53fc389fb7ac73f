"""The tables of the outbox and of keys that were worked on once, and their DDL in any dialect."""

from mallgen.tables.ddl import script
from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read

OUTBOX, RELAY = "mallgen_outbox", "mallgen_outbox_relay"
ONCE = "mallgen_once"
OWN = frozenset({OUTBOX, RELAY, ONCE})  # tables that the runtime works with: no logic has a model of them

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


_ONCE_DDL = """
CREATE TABLE `mallgen_once` (
  `scope` varbinary(255) NOT NULL,
  `id` varbinary(255) NOT NULL,
  `made` double NOT NULL,
  PRIMARY KEY (`scope`, `id`),
  KEY `made` (`made`)
);
"""


def ddl(dialect: Dialect) -> str:
    """Return the statements that make the tables of the outbox."""
    return _written(_DDL, dialect)


def once_ddl(dialect: Dialect) -> str:
    """Return the statements that make the table of keys that were worked on once."""
    return _written(_ONCE_DDL, dialect)


def _written(text: str, dialect: Dialect) -> str:
    found = read([DdlSource("outbox.sql", text)], Dialect.MYSQL)
    return script(found.schema.tables, dialect)
