"""Pods of a Service found by an API server of Kubernetes, which is cut, forgets, refuses, lies and goes away."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.discovery import resolver
from mallgen_runtime.discovery.kubernetes.resolver import KubernetesResolver
from mallgen_runtime.discovery.kubernetes.target import Target, read_target
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.rpc import RpcClientConf, connect
from tests.kubernetes_api import FakeApi, api_server, following_pods
from tests.run.discovering import run, until

TARGET = "k8s://shop/order:grpc"
WARNED = ("mallgen.service", logging.WARNING)


async def has(found: KubernetesResolver, *addresses: str) -> None:
    await until(lambda: found.addresses == addresses, 5, f"{addresses}")


def test_pods_come_become_unready_and_go(tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1", "10.0.0.2")
            async with following_pods() as found:
                assert found.addresses == ("10.0.0.1:8080", "10.0.0.2:8080")
                assert found.state == "ok"
                api.put("order-b", "10.0.0.2", "10.0.0.3", ready=None)
                await has(found, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080")
                api.put("order-a", "10.0.0.1", ready=False)
                await has(found, "10.0.0.2:8080", "10.0.0.3:8080")
                api.remove("order-b")
                await has(found)
                assert found.state == "no pod of the Service shop/order is ready"
            first, second = api.asked
        assert first.path == second.path == "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
        assert first.query == {"labelSelector": "kubernetes.io/service-name=order"}
        assert second.query["resourceVersion"] == "101"
        assert second.query["allowWatchBookmarks"] == "true"
        assert 300 <= int(second.query["timeoutSeconds"]) < 360

    run(work)


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("k8s://shop/order:grpc", "10.0.0.1:8443"),
        ("k8s://shop/order:dev", "10.0.0.1:6060"),
        ("k8s://shop/order:9", "10.0.0.1:9"),
        ("k8s://shop/order", "10.0.0.1:8443"),
    ],
)
def test_the_port_is_a_number_a_name_or_the_first(target: str, address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1", port=8443)
            async with following_pods(target) as found:
                assert found.addresses == (address,)

    run(work)


def test_a_port_that_the_service_does_not_have_is_said(tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods("k8s://shop/order:http") as found:
                assert found.state == "the Service shop/order has no port http; it has grpc 8080 dev 6060"

    run(work)


def test_a_pod_of_two_families_is_one(tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-6", "fd00::1", family="IPv6")
            async with following_pods() as found:
                assert found.addresses == ("[fd00::1]:8080",)
                api.put("order-4", "10.0.0.1")
                await has(found, "10.0.0.1:8080")

    run(work)


def test_a_watch_that_is_cut_is_opened_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods() as found:
                await until(lambda: api.watches == 1, 5, "a watch")
                api.cut()
                api.put("order-a", "10.0.0.2")
                await has(found, "10.0.0.2:8080")
                assert api.lists() == 2
                assert found.state == "ok"
        assert [one for one in caplog.record_tuples if one[:2] == WARNED] == []

    run(work)


def test_a_watch_whose_time_is_over_goes_on_where_it_ended(tmp_path: Path) -> None:
    """A bookmark is enough: nothing is listed again, and nothing that happened between the watches is missed."""

    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods() as found:
                await until(lambda: api.watches == 1, 5, "a watch")
                api.bookmark()
                version = str(api.version)
                await asyncio.sleep(0.1)
                api.end_watches()
                await until(lambda: api.watches == 0, 5, "the end of a watch")
                api.put("order-b", "10.0.0.2")
                await has(found, "10.0.0.1:8080", "10.0.0.2:8080")
                assert api.lists() == 1
                assert api.asked[-1].query["resourceVersion"] == version

    run(work)


def test_a_watch_without_a_word_is_not_trusted(tmp_path: Path) -> None:
    """An API server whose data came back older would never tell us anything about a version that is to come."""

    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods():
                await until(lambda: api.watches == 1, 5, "a watch")
                api.end_watches()
                await until(lambda: api.lists() == 2, 5, "a second look")

    run(work)


@pytest.mark.parametrize("at", ["the beginning", "the middle"])
def test_versions_that_are_gone_lead_to_a_new_look(at: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods() as found:
                await until(lambda: api.watches == 1, 5, "a watch")
                api.bookmark()
                api.put("order-a", "10.0.0.2")
                await has(found, "10.0.0.2:8080")
                if at == "the middle":
                    api.error(410)
                    await until(lambda: api.lists() == 2, 5, "a new look")
                else:
                    api.end_watches()
                    api.compact()
                await until(lambda: api.lists() == 2 and api.watches == 1, 5, "a new look")
                api.put("order-b", "10.0.0.3")
                await has(found, "10.0.0.2:8080", "10.0.0.3:8080")
                assert found.state == "ok"

    run(work)


def test_pods_are_kept_while_the_api_server_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods() as found:
                await until(lambda: api.watches == 1, 5, "a watch")
                await api.stop()
                await until(lambda: found.state != "ok", 5, "the trouble")
                assert found.addresses == ("10.0.0.1:8080",)
                assert "cannot be reached" in found.state
                api.put("order-a", "10.0.0.2")
                await api.start()
                await has(found, "10.0.0.2:8080")
                assert found.state == "ok"
        said = [text for *_, text in caplog.record_tuples if "Kubernetes API" in text]
        assert len(said) == 2
        assert said[0].endswith("1 known pods of shop/order are kept")
        assert said[1].endswith("is back, 1 pods of shop/order")

    caplog.set_level(logging.INFO, "mallgen.service")
    run(work)


def test_a_token_that_was_rotated_is_read_again(tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1")
            async with following_pods() as found:
                api.tokens = {"second"}
                api.rotate("second")
                api.cut()
                api.put("order-a", "10.0.0.2")
                await has(found, "10.0.0.2:8080")
                assert {each.token for each in api.asked} == {"first", "second"}

    run(work)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "does not know our token (401): it has ended, or is of another cluster"),
        (
            403,
            "does not let us read the EndpointSlices of shop (403): give the pod's ServiceAccount the Role and"
            " RoleBinding that `mallgen kube` writes",
        ),
        (404, "has no EndpointSlices (404): Kubernetes 1.21 or later is needed"),
        (503, "cannot serve (503): endpointslices is forbidden"),
    ],
)
def test_a_refusal_is_one_clear_line(status: int, said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.status = status
            api.put("order-a", "10.0.0.1")
            async with following_pods() as found:
                line = f"the Kubernetes API at 127.0.0.1:{api.port} {said}"
                assert found.state == line
                await asyncio.sleep(0.5)
                assert len(api.asked) >= 2
                assert [text for *name, text in caplog.record_tuples if tuple(name) == WARNED] == [
                    f"{line}; still trying"
                ]
                api.status = 200
                await has(found, "10.0.0.1:8080")

    run(work)


def test_more_pods_than_a_client_follows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mallgen_runtime.discovery.kubernetes.slices.MOST_PODS", 2)

    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.put("order-a", "10.0.0.1", "10.0.0.2")
            async with following_pods() as found:
                api.put("order-b", "10.0.0.3")
                await until(lambda: "more than 2 pods" in found.state, 5, "the refusal")
                assert found.addresses == ("10.0.0.1:8080", "10.0.0.2:8080")

    run(work)


def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        (tmp_path / "other").mkdir()
        async with api_server(tmp_path) as api:
            (api.account / "ca.crt").write_bytes((await _other_authority(tmp_path / "other")).read_bytes())
            async with following_pods() as found:
                assert found.state.endswith("shows a certificate that the pod's ca.crt did not sign")

    run(work)


async def _other_authority(folder: Path) -> Path:
    return FakeApi(folder).account / "ca.crt"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("k8s://shop/order:8080", Target("shop", "order", "8080")),
        ("k8s:///order:grpc", Target("default", "order", "grpc")),
        ("k8s://shop/order", Target("shop", "order", "")),
    ],
)
def test_targets(text: str, target: Target) -> None:
    assert read_target(text) == target


@pytest.mark.parametrize(
    "text",
    [
        "k8s://shop",
        "k8s://shop/",
        "k8s://shop/order:",
        "k8s://shop/order:0",
        "k8s://shop/order:65536",
        "k8s://shop/order:-a",
        "k8s://shop/order:8080/x",
        "k8s://sh op/order",
        "k8s://shop/Order",
        f"k8s://shop/{'a' * 64}",
        "k8s://shop/order:a..b",
        "k8s://shop/order:٣",
    ],
)
def test_targets_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="write k8s://NAMESPACE/SERVICE:PORT"):
        RpcClientConf(target=text).check_settings("OrderRPC")


def test_tls_to_pods_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"set ServerName: order\.shop\.svc"):
        RpcClientConf(target=TARGET, tls=True).check_settings("OrderRPC")
    RpcClientConf(target=TARGET, tls=True, server_name="order").check_settings("OrderRPC")


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda api: os.environ.pop("KUBERNETES_SERVICE_HOST"), "needs a cluster"),
        (lambda api: os.environ.update(KUBERNETES_SERVICE_PORT="x"), "needs a cluster"),
        (lambda api: (api.account / "token").unlink(), "automountServiceAccountToken"),
        (lambda api: (api.account / "token").write_text("a\r\nb"), "holds no token"),
        (lambda api: (api.account / "ca.crt").unlink(), "automountServiceAccountToken"),
        (lambda api: (api.account / "ca.crt").write_text("x"), "no certificate in PEM"),
    ],
)
def test_a_process_that_is_no_pod_is_told(break_it: Any, said: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            break_it(api)
            with pytest.raises(ConfigError, match=said):
                connect(RpcClientConf(target=TARGET), "order.rpc")

    run(work)


def test_dev_replaces_kubernetes_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLGEN_DISCOVERY", f"file:{tmp_path}")
    assert type(resolver("order.rpc", None, [], TARGET)).__name__ == "FolderResolver"


def test_a_service_that_must_reach_another_says_why_it_cannot(tmp_path: Path) -> None:
    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.status = 403
            channel = connect(RpcClientConf(target=TARGET, non_block=False, timeout=300), "order.rpc")
            with pytest.raises(ConfigError, match=r"order.rpc cannot be reached within 0.3 s; .* \(403\)"):
                await channel.start()
            await channel.close()

    run(work)
