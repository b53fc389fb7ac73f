"""The servers of a compose file that the services' settings lead to: etcd, databases, Redis, Kafka. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mallgen.emit.production.manifests import Block
from mallgen.emit.production.reach import ETCD, HOLE, KAFKA, MARIADB, POSTGRES, REDIS, Need

IMAGES = {
    ETCD: "quay.io/coreos/etcd:v3.5.17",
    MARIADB: "mariadb:11.4",
    POSTGRES: "postgres:17",
    REDIS: "redis:7.4",
    KAFKA: "apache/kafka:3.9.0",
}
_DATA = {ETCD: "/data", MARIADB: "/var/lib/mysql", POSTGRES: "/var/lib/postgresql/data", KAFKA: "/var/lib/kafka/data"}
_ADMINS = {MARIADB: "root", POSTGRES: "postgres"}
_PLAIN = re.compile(r"[\w.-]*", re.ASCII)


class BackingServer(NamedTuple):
    """A server of the compose file: its name and block there, its volume and its script, empty for none."""

    name: str
    block: Block
    volume: str = ""
    script: str = ""


def backing(what: str, needs: Sequence[Need], taken: Iterable[str]) -> BackingServer:
    """Return the server of one kind that all of some needs lead to; `taken` are names of services."""
    fixed = list(dict.fromkeys(need.host for need in needs if not need.variable and not need.is_here))
    name = fixed[0] if len(fixed) == 1 else what
    name = f"{name}-server" if name in taken else name
    port = needs[0].port
    aliases = [host for host in fixed if host != name]
    network: Block = {"networks": {"default": {"aliases": aliases}}} if aliases else {}
    script = _script(what, needs)
    volume = f"{name}-data" if what in _DATA else ""
    mounted: Block = {"volumes": [f"{volume}:{_DATA[what]}"]} if volume else {}
    first: Block = {}
    if script:
        first = {"configs": [{"source": f"{name}-first", "target": "/docker-entrypoint-initdb.d/10-databases.sql"}]}
    own = _OWN[what](needs, aliases[0] if aliases else name, port)
    block = {"image": IMAGES[what], "restart": "unless-stopped", **own, **mounted, **first, **network}
    return BackingServer(name, block, volume, script)


def address(need: Need, server: str) -> str:
    """Return the value of the variable that a need's host, or the whole address, is taken from."""
    return f"{server}:{need.port}" if need.whole else server


def _health(*words: str) -> Block:
    return {"healthcheck": {"test": list(words), "interval": "5s", "timeout": "5s", "retries": 20}}


def _etcd(needs: Sequence[Need], name: str, port: int) -> Block:
    words = ["etcd", f"--listen-client-urls=http://0.0.0.0:{port}", f"--advertise-client-urls=http://{name}:{port}"]
    return {
        "command": [*words, "--data-dir=/data"],
        **_health("CMD", "etcdctl", f"--endpoints=http://127.0.0.1:{port}", "endpoint", "health"),
    }


def _mariadb(needs: Sequence[Need], name: str, port: int) -> Block:
    admin = next((need for need in needs if need.user == _ADMINS[MARIADB]), None)
    env = {"MARIADB_ROOT_PASSWORD": password(admin)} if admin is not None else {"MARIADB_RANDOM_ROOT_PASSWORD": "1"}
    return {
        "command": [f"--port={port}"],
        "environment": env,
        **_health("CMD", "healthcheck.sh", "--connect", "--innodb_initialized"),
    }


def _postgres(needs: Sequence[Need], name: str, port: int) -> Block:
    admin = next((need for need in needs if need.user in ("", _ADMINS[POSTGRES])), None)
    secret = password(admin) if admin is not None else "${POSTGRES_PASSWORD:?set it in .env}"
    return {
        "command": ["-p", str(port)],
        "environment": {"POSTGRES_PASSWORD": secret},
        **_health("CMD", "pg_isready", "-U", "postgres", "-p", str(port)),
    }


def _redis(needs: Sequence[Need], name: str, port: int) -> Block:
    locked = next((need for need in needs if need.password), None)
    words = ["redis-server", "--port", str(port)]
    words += ["--requirepass", password(locked)] if locked is not None else []
    return {"command": words, **_health("CMD", "redis-cli", "-p", str(port), "ping")}


def _kafka(needs: Sequence[Need], name: str, port: int) -> Block:
    values: dict[str, Any] = {
        "KAFKA_NODE_ID": 1,
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:{port + 1}",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{name}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{port + 1}",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": 1,
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": 1,
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": 1,
        "KAFKA_LOG_DIRS": _DATA[KAFKA],
    }
    script = "/opt/kafka/bin/kafka-broker-api-versions.sh"
    return {"environment": values, **_health("CMD", script, "--bootstrap-server", f"localhost:{port}")}


_OWN = {ETCD: _etcd, MARIADB: _mariadb, POSTGRES: _postgres, REDIS: _redis, KAFKA: _kafka}


def password(need: Need) -> str:
    """Return a password for a compose file: a variable of the environment, never the text in the settings."""
    if not need.password:
        return ""
    if HOLE.fullmatch(need.password):
        name, has_default = re.split(r"[:?}-]", need.password[2:], maxsplit=1)[0], "-" in need.password
        return need.password if has_default else f"${{{name}:?set it in .env}}"
    owner = re.sub(r"[^A-Z0-9]", "_", (need.user or need.what).upper())
    return f"${{{owner}_PASSWORD:?set it in .env, as the settings have it}}"


def _script(what: str, needs: Sequence[Need]) -> str:
    """Return the SQL by which a new server gets its databases and users, empty for other servers."""
    if what not in _ADMINS:
        return ""
    lines: dict[str, None] = {}
    for need in needs:
        if all(_PLAIN.fullmatch(HOLE.sub("", text)) for text in (need.user, need.database)) and need.database:
            lines |= dict.fromkeys(_mariadb_lines(need) if what == MARIADB else _postgres_lines(need))
    return "".join(f"{line}\n" for line in lines)


def _mariadb_lines(need: Need) -> list[str]:
    lines = [f"CREATE DATABASE IF NOT EXISTS `{need.database}`;"]
    if need.user and need.user != _ADMINS[MARIADB]:
        lines.append(f"CREATE USER IF NOT EXISTS '{need.user}'@'%' IDENTIFIED BY '{password(need)}';")
        exact = need.database if HOLE.search(need.database) else need.database.replace("_", r"\_")  # _ is a wildcard
        lines.append(f"GRANT ALL ON `{exact}`.* TO '{need.user}'@'%';")
    return lines


def _postgres_lines(need: Need) -> list[str]:
    if need.user in ("", _ADMINS[POSTGRES]):
        return [] if need.database == _ADMINS[POSTGRES] else [f'CREATE DATABASE "{need.database}";']
    user = f"CREATE USER \"{need.user}\" PASSWORD '{password(need)}';"
    return [user, f'CREATE DATABASE "{need.database}" OWNER "{need.user}";']
