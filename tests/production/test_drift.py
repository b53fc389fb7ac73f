"""Edited files, and what `mallgen check` says of each edit."""

import os
import re
from pathlib import Path

import pytest

from tests.conftest import mallgen
from tests.production.services import workspace

KUBE, COMPOSE, DOCKER = "services/stock/kube.yaml", "compose.yaml", "services/stock/Dockerfile"
SHOP, SHOP_DOCKER = "services/shop/kube.yaml", "services/shop/Dockerfile"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "old", "new", "message", "hint"),
    [
        (KUBE, "containerPort: 8080", "containerPort: 81", "stock listens on 8080", "write containerPort: 8080"),
        (
            KUBE,
            "grpc:\n              port: 8080",
            "tcpSocket:\n              port: 81",
            "stock listens on 8080",
            "write 8080",
        ),
        (KUBE, "      targetPort: grpc", "      targetPort: 81", "stock listens on 8080", "write 8080"),
        (KUBE, "- name: grpc\n      port: 8080", "- name: grpc\n      port: 81", "stock listens on 8080", "write 8080"),
        (KUBE, "PeriodSeconds: 12", "PeriodSeconds: 11", "stock needs up to 12 s to end", "write 12"),
        (
            KUBE,
            "- name: DB_PASSWORD",
            "- name: OTHER",
            "need DB_PASSWORD from the environment",
            "add DB_PASSWORD to env",
        ),
        (KUBE, "- etc/stock.yaml", "- etc/none.yaml", "there is no etc/none.yaml", "write etc/stock.yaml"),
        (KUBE, "  stock.yaml: |", "  old.yaml: |", "the ConfigMap has no stock.yaml", "copy etc/stock.yaml there"),
        (KUBE, "Name: stock.rpc", "Name: [", "stock.yaml in the ConfigMap: this is not YAML", "correct it"),
        (
            KUBE,
            "Name: stock.rpc",
            "Name: other",
            "Name is stock.rpc, and other in the ConfigMap",
            "write Name: stock.rpc",
        ),
        (KUBE, "ListenOn: 0.0.0.0:8080", "ListenOn: 0.0.0.0:81", "stock listens on 8080", "in the ConfigMap, too"),
        (KUBE, "Log: {", "# Log: {", "stock.yaml in the ConfigMap lacks Log", "add it there"),
        (COMPOSE, "grpc://127.0.0.1:8080", "grpc://127.0.0.1:81", "stock listens on 8080", "write 8080"),
        (COMPOSE, "- '8080'", "- '81'", "stock listens on 8080", "write that"),
        (COMPOSE, "- 8888:8888", "- {target: 81, published: 8888}", "shop listens on 8888", "write 8888"),
        (COMPOSE, "- 8888:8888", "- 127.0.0.1:8888:81/tcp", "shop listens on 8888", "write 8888"),
        (
            COMPOSE,
            "context: ./services/stock",
            "context: ./elsewhere",
            "stock of mallgen.toml is not in",
            "build: ./services/stock",
        ),
        (COMPOSE, "context: ./services/stock", "context: ./elsewhere", "stock is built from elsewhere", "remove it"),
        (
            COMPOSE,
            "      stock:\n        condition: service_healthy\n",
            "",
            "shop uses stock",
            "add stock to depends_on",
        ),
        (COMPOSE, "      DB_PASSWORD:", "      OTHER:", "stock need DB_PASSWORD", "add `DB_PASSWORD: ${DB_PASSWORD:?"),
        (COMPOSE, "8888/readyz", "8888/ready", "shop answers nothing at /ready", "write /readyz"),
        (COMPOSE, "stop_grace_period: 8s", "stop_grace_period: 1500ms", "needs up to 8 s to end", "write 8s"),
        (COMPOSE, "    stop_grace_period: 62s\n", "", "shop needs up to 62 s to end", "add stop_grace_period: 62s"),
        (SHOP, "path: /readyz", "path: /ready", "shop answers nothing at /ready", "write /readyz"),
        (SHOP, "path: /healthz", "path: /health", "shop answers nothing at /health", "write /healthz"),
        (SHOP_DOCKER, "8888/healthz", "8888/health", "shop answers nothing at /health", "write /healthz"),
        (KUBE, "matchLabels:\n      app: stock", "matchLabels:\n      app: o", "no label `app: o`", "write app: stock"),
        (KUBE, "selector:\n    app: stock", "selector:\n    app: o", "no label `app: o`", "write app: stock"),
        (
            KUBE,
            "kind: Deployment\n    name: stock",
            "kind: Deployment\n    name: o",
            "no Deployment `o`",
            "write stock",
        ),
        (DOCKER, "EXPOSE 8080", "", "stock listens on 8080", "write EXPOSE 8080"),
        (DOCKER, "127.0.0.1:8080", "localhost:81", "stock listens on 8080", "write 8080"),
        (DOCKER, '"-m", "stock_rpc"', '"-m", "stock"', "the package of stock is stock_rpc", "write stock_rpc"),
        (DOCKER, "etc/stock.yaml", "etc/none.yaml", "there is no etc/none.yaml", "write etc/stock.yaml"),
    ],
)
def test_an_edit_is_found(path: str, old: str, new: str, message: str, hint: str, here: Path) -> None:
    workspace(here)
    for command in ("docker", "kube", "compose"):
        assert mallgen(command, "-q").code == 0
    before = mallgen("check")
    assert before.code == 0, before.err
    text = (here / path).read_text("utf-8")
    assert old in text
    (here / path).write_text(text.replace(old, new, 1), encoding="utf-8")
    code, _, err = mallgen("check")
    assert code == 1
    found = re.findall(
        r"error\[production-drift\] (.*)\n *--> ([^:]*):.*(?:\n(?!error|warning).*)*?\n *= help: (.*)", err
    )
    assert any(message in said and place == path and hint in way for said, place, way in found), err


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (
            KUBE,
            "- name: DB_PASSWORD",
            "- name: OTHER",
        ),
        (COMPOSE, "      DB_PASSWORD:", "      OTHER:"),
    ],
)
def test_variables_may_come_from_elsewhere(path: str, old: str, new: str, here: Path) -> None:
    workspace(here)
    assert mallgen(Path(path).stem, "-q").code == 0
    text = (here / path).read_text("utf-8").replace(old, new)
    all_of = "          envFrom:\n            - secretRef: {name: stock-env}\n          env:\n"
    text = (
        text.replace("          env:\n", all_of)
        if path == KUBE
        else text.replace("    environment:\n", "    env_file: .env\n    environment:\n")
    )
    (here / path).write_text(text, encoding="utf-8")
    assert mallgen("check").code == 0


def test_a_probe_may_ask_a_route(here: Path) -> None:
    """A route to GET is as good as /readyz, and a selector may name fewer labels than the pods have."""
    workspace(here)
    assert mallgen("kube", "-q").code == 0
    text = (here / SHOP).read_text("utf-8").replace("path: /readyz", "path: /hello", 1)
    text = text.replace("    metadata:\n      labels:\n", "    metadata:\n      labels:\n        more.of/it: yes\n", 1)
    (here / SHOP).write_text(text, encoding="utf-8")
    ran = mallgen("check")
    assert ran.code == 0, ran.err


def test_files_that_are_none_of_ours(here: Path) -> None:
    """Links that lead out, pipes, folders and files of others are passed over, and nothing waits for them."""
    workspace(here)
    (here / "deploy").mkdir()
    os.mkfifo(here / "deploy" / "pipe.yaml")
    (here / "deploy" / "folder.yaml").mkdir()
    (here / "deploy" / "link.yaml").symlink_to("/etc/passwd")
    (here / "Dockerfile").write_bytes(b"\xff\xfe EXPOSE 1")
    (here / "kube.yaml").write_text("kind: [")
    assert mallgen("check").code == 0


def test_a_service_that_cannot_be_made_is_not_missed(here: Path) -> None:
    """A contract with errors has its own finding; the compose file has no service too many for that."""
    workspace(here)
    assert mallgen("compose", "-q").code == 0
    assert mallgen("kube", "-q").code == 0
    (here / "stock.proto").write_text("no proto", encoding="utf-8")
    code, _, err = mallgen("check")
    assert code == 1
    assert "production-drift" not in err
