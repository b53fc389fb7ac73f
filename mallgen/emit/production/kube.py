"""The Kubernetes manifests of a service: settings, secrets, Deployment, Service, scaling, disruption budget. Pure."""

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mallgen.emit.production.dockerfile import health_words
from mallgen.emit.production.facts import GRPC, HTTP, USER, Deployable, Probe
from mallgen.emit.production.manifests import Block, commented, manifest
from mallgen.emit.production.rights import rights

SETTLE = 5  # seconds until a cluster's proxies have learnt that a pod is leaving
_LEFT_OPEN = 60  # seconds for requests that the settings give as long as they need
_SPARE = 2  # seconds to close connections and logs
_PERCENT = 80  # of what is requested, where a further pod is started; goctl's


class KubeOptions(NamedTuple):
    """The options of `mallgen kube`, goctl's; cpu in thousandths of a core, memory in MiB, 0 and empty for none.

    `port` is that of the Service, 0 for the container's.
    """

    name: str = ""
    namespace: str = ""
    image: str = ""
    secret: str = ""
    request_cpu: int = 500
    request_mem: int = 512
    limit_cpu: int = 1000
    limit_mem: int = 1024
    replicas: int = 3
    revisions: int = 5
    port: int = 0
    node_port: int = 0
    min_replicas: int = 3
    max_replicas: int = 10
    pull_policy: str = ""
    account: str = ""


def kube(service: Deployable, options: KubeOptions) -> str:
    """Return the text of a service's manifests."""
    return "---\n".join(f"{note}{manifest(block)}" for note, block in _Manifests(service, options).all())


def drain(service: Deployable) -> tuple[int, int]:
    """Return the seconds before SIGTERM, and those until the pod is killed, by the `Shutdown` of the settings."""
    before = max(SETTLE - math.floor(service.wrap_up), 1)
    wait = _LEFT_OPEN if math.isinf(service.wait) else math.ceil(service.wait)
    return before, before + wait + _SPARE


class _Manifests:
    """The documents of one service, each with the comment above it."""

    def __init__(self, service: Deployable, options: KubeOptions) -> None:
        self._service = service
        self._options = options
        self._name = options.name or service.name

    def all(self) -> Iterator[tuple[str, Block]]:
        """Yield the documents in the order in which they are applied."""
        name = self._name
        yield self._head(), self._document("v1", "ConfigMap", f"{name}-etc", data=_data(self._service))
        if any(one.needed for one in self._service.variables):
            yield self._secret()
        yield from rights(self._service, name, self._options.namespace, self._options.account)
        yield self._deployment()
        if self._service.port and not self._service.is_shut:
            yield self._front()
        if self._options.request_cpu or self._options.request_mem:  # they are what the use is measured by
            yield "", self._scaling()
        yield "", self._document(
            "policy/v1",
            "PodDisruptionBudget",
            name,
            spec={"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}},
        )

    def _head(self) -> str:
        place = "" if self._service.folder == "." else f"{self._service.folder}/"
        return commented(
            [
                f"mallgen kube: {self._service.service or self._service.name}",
                "This file is yours: it is written once. `mallgen check` says where it no longer fits the settings.",
                f"The ConfigMap is a copy of {place}etc/, for what differs on the cluster.",
            ]
        )

    def _document(self, version: str, kind: str, name: str, **rest: Any) -> Block:
        space = {"namespace": self._options.namespace} if self._options.namespace else {}
        head = {"name": name, **space, "labels": {"app": self._name}}
        return {"apiVersion": version, "kind": kind, "metadata": head, **rest}

    def _secret(self) -> tuple[str, Block]:
        needed = [one.name for one in self._service.variables if one.needed]
        words = " ".join(f"--from-literal={name}=…" for name in needed)
        space = f" -n {self._options.namespace}" if self._options.namespace else ""
        note = commented(
            [
                "The values of the settings' ${VARIABLES}. Fill them in, and keep them out of the repository; or leave",
                f"this document out: kubectl create secret generic {self._name}-env{space} {words}".rstrip(),
            ]
        )
        block = self._document("v1", "Secret", f"{self._name}-env", type="Opaque", stringData=dict.fromkeys(needed, ""))
        return note, block

    def _deployment(self) -> tuple[str, Block]:
        options, service = self._options, self._service
        _, grace = drain(service)
        wait = "as long as requests need" if math.isinf(service.wait) else f"{service.wait:g} s"
        note = commented(
            [
                f"A pod that leaves goes on for a moment, until nobody sends it requests, then drains: {wait} by",
                f"Shutdown in its settings. terminationGracePeriodSeconds ({grace}) has to be longer than both.",
                *self._closed(),
            ]
        )
        account = options.account or (self._name if service.watched else "")
        pod: dict[str, Any] = {
            **({"serviceAccountName": account} if account else {"automountServiceAccountToken": False}),
            **({"imagePullSecrets": [{"name": options.secret}]} if options.secret else {}),
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": grace,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [self._container()],
            "volumes": self._volumes(),
        }
        labels = {"app": self._name}
        spec = {
            "replicas": options.replicas,
            "revisionHistoryLimit": options.revisions,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
        return note, self._document("apps/v1", "Deployment", self._name, spec=spec)

    def _closed(self) -> list[str]:
        """Return what is said of a service that listens for its own pod alone."""
        service = self._service
        if not service.is_shut:
            return []
        space = f" -n {self._options.namespace}" if self._options.namespace else ""
        return [
            f"By its settings it listens on {service.listens}, for its pod alone: it has no Service, and probes ask",
            f"inside of the pod. To reach it: kubectl port-forward{space} deployment/{self._name} {service.port}",
        ]

    def _container(self) -> Block:
        options, service = self._options, self._service
        before, _ = drain(service)
        ports = [{"name": name, "containerPort": port} for name, port in service.ports.items()]
        pause = ["python", "-c", f"import time; time.sleep({before})"]
        return {
            "name": self._name,
            "image": options.image or f"{service.name}:{service.version}",
            **({"imagePullPolicy": options.pull_policy} if options.pull_policy else {}),
            "args": ["-f", service.settings],
            **({"ports": ports} if ports else {}),
            "env": self._environment(),
            **(_probes(service.probe) if service.probe is not None else {}),
            "lifecycle": {"preStop": {"exec": {"command": pause}}},
            "resources": _resources(options),
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [
                {"name": "etc", "mountPath": "/app/etc", "readOnly": True},
                {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the container
                *({"name": name, "mountPath": f"/app/{path}"} for name, path in self._written()),
            ],
        }

    def _environment(self) -> list[Block]:
        address: Block = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
        secret = f"{self._name}-env"
        return [
            address,
            *(
                {
                    "name": one.name,
                    "valueFrom": {
                        "secretKeyRef": {
                            "name": secret,
                            "key": one.name,
                            **({} if one.needed else {"optional": True}),
                        }
                    },
                }
                for one in self._service.variables
                if one.name != "POD_IP"
            ),
        ]

    def _written(self) -> list[tuple[str, str]]:
        """Return the folders that the service writes into, each with the name of its volume."""
        return [(f"data-{number}", path) for number, path in enumerate(self._service.folders) if path != "."]

    def _volumes(self) -> list[Block]:
        return [
            {"name": "etc", "configMap": {"name": f"{self._name}-etc"}},
            {"name": "tmp", "emptyDir": {}},
            *({"name": name, "emptyDir": {}} for name, _ in self._written()),
        ]

    def _front(self) -> tuple[str, Block]:
        """Return the Service; one of RPCs has no address of its own, so that callers see every pod."""
        options, service = self._options, self._service
        port = options.port or service.port
        is_headless = service.kind == GRPC and port == service.port and not options.node_port
        way: dict[str, Any] = {"clusterIP": "None"} if is_headless else {}
        way = {"type": "NodePort"} if options.node_port else way
        entry = {
            "name": service.kind,
            "port": port,
            "targetPort": service.kind,
            **({"nodePort": options.node_port} if options.node_port else {}),
        }
        host = f"{self._name}.{options.namespace}" if options.namespace else self._name
        reach = f"{'dns:///' if service.kind == GRPC else 'http://'}{host}:{port}"
        if service.kind == GRPC and options.namespace:
            reach += f" or k8s://{options.namespace}/{self._name}:{service.kind}"
        why = "; without an address of its own, so that calls go to all pods" if is_headless else ""
        block = self._document(
            "v1", "Service", self._name, spec={**way, "selector": {"app": self._name}, "ports": [entry]}
        )
        return commented([f"Others reach it by {reach}{why}."]), block

    def _scaling(self) -> Block:
        options = self._options
        by = [name for name, wanted in (("cpu", options.request_cpu), ("memory", options.request_mem)) if wanted]
        use = {"type": "Utilization", "averageUtilization": _PERCENT}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": self._name},
            "minReplicas": options.min_replicas,
            "maxReplicas": options.max_replicas,
            "metrics": [{"type": "Resource", "resource": {"name": name, "target": use}} for name in by],
        }
        return self._document("autoscaling/v2", "HorizontalPodAutoscaler", self._name, spec=spec)


def _data(service: Deployable) -> Block:
    """Return the settings files whose names a ConfigMap can have."""
    return {name: text for name, text in service.texts.items() if re.fullmatch(r"[\w.-]+", name, re.ASCII)}


def _resources(options: KubeOptions) -> Block:
    wanted = {
        "requests": _amounts(options.request_cpu, options.request_mem),
        "limits": _amounts(options.limit_cpu, options.limit_mem),
    }
    return {name: amounts for name, amounts in wanted.items() if amounts}


def _amounts(cpu: int, memory: int) -> Block:
    return {**({"cpu": f"{cpu}m"} if cpu else {}), **({"memory": f"{memory}Mi"} if memory else {})}


def _probes(probe: Probe) -> Block:
    """Return the three probes: starting may take a minute, then readiness is asked often, life less often."""
    ready, live = _asked(probe, probe.ready), _asked(probe, probe.live)
    often = 10 if probe.is_inside else 2  # asking inside starts a process each time
    limit = 5 if probe.is_inside else 2
    return {
        "startupProbe": {**ready, "periodSeconds": 2, "failureThreshold": 30, "timeoutSeconds": limit},
        "readinessProbe": {**ready, "periodSeconds": often, "failureThreshold": 2, "timeoutSeconds": limit},
        "livenessProbe": {**live, "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": limit},
    }


def _asked(probe: Probe, path: str) -> Block:
    if probe.is_inside:
        return {"exec": {"command": health_words(probe, path)}}
    if probe.by == HTTP:
        scheme = {"scheme": "HTTPS"} if probe.is_tls else {}
        return {"httpGet": {"path": path, "port": probe.port, **scheme}}
    if probe.by == GRPC:
        return {"grpc": {"port": probe.port}}
    return {"tcpSocket": {"port": probe.port}}
