"""mallgen kube: the Kubernetes manifests of each service, written once."""

import os
import re
from typing import NamedTuple

from mallgen.cli.console import FINE
from mallgen.cli.options import Values
from mallgen.cli.shipping import Shipped, chosen, unfit_port, usage, warn, write_all
from mallgen.emit.production.facts import GRPC, Deployable, is_label
from mallgen.emit.production.kube import KubeOptions, kube

_FILE = "kube.yaml"
_IMAGE = re.compile(r"[A-Za-z0-9][\w./:@-]*")
_NAMES = ("name", "namespace", "secret", "serviceAccount")
_ALONE = ("o", "name", "image", "port", "targetPort", "nodePort")


class _Allowed(NamedTuple):
    """The numbers that an option may have."""

    least: int
    most: int


_COUNT, _AMOUNT, _PORTS = _Allowed(1, 10_000), _Allowed(0, 10_000_000), _Allowed(1, 65535)
_NUMBERS = {
    "requestCpu": _AMOUNT,
    "requestMem": _AMOUNT,
    "limitCpu": _AMOUNT,
    "limitMem": _AMOUNT,
    "replicas": _COUNT,
    "minReplicas": _COUNT,
    "maxReplicas": _COUNT,
    "revisions": _Allowed(0, 10_000),
    "port": _PORTS,
    "targetPort": _PORTS,
    "nodePort": _Allowed(30_000, 32_767),
}


def run(values: Values) -> int:
    """Write the files that are missing; exit 1 when a folder cannot be written."""
    options = _options(values)
    shipped = chosen(values, _services(values))
    _refuse(values, shipped)
    places = {}
    for service in shipped.services:
        where = values.text("o") or os.path.join(shipped.folder(service), _FILE)
        folder, name = os.path.split(os.path.normpath(where))
        places[folder or "."] = {name: kube(service, options)}
    code = write_all(places, shipped, values)
    if code == FINE:
        warn(shipped, values, in_pods=True)
    return code


def _services(values: Values) -> tuple[str, ...]:
    """Return the services that are named; goctl's `deploy` comes before them."""
    names = values.many("service")
    return names[1:] if names[:1] == ("deploy",) else names


def _options(values: Values) -> KubeOptions:
    for key in _NAMES:
        if values.text(key) and not is_label(values.text(key)):
            raise usage(f"-{key} is `{values.text(key)}`", "write small letters, digits and dashes, a letter first")
    if values.text("image") and not _IMAGE.fullmatch(values.text("image")):
        raise usage(f"-image is `{values.text('image')}`, no image", "write -image REGISTRY/NAME:TAG")
    if values.text("o").endswith(("/", os.sep)):
        raise usage(f"-o is `{values.text('o')}`, a folder", f"write -o {values.text('o')}{_FILE}")
    numbers = {key: _number(values, key) for key in _NUMBERS}
    for less, more in (("minReplicas", "maxReplicas"), ("requestCpu", "limitCpu"), ("requestMem", "limitMem")):
        if numbers[more] and numbers[less] > numbers[more]:
            raise usage(
                f"-{less} is {numbers[less]}, more than -{more}, which is {numbers[more]}", f"give both: -{more}"
            )
    return KubeOptions(
        name=values.text("name"),
        namespace=values.text("namespace"),
        image=values.text("image"),
        secret=values.text("secret"),
        request_cpu=numbers["requestCpu"],
        request_mem=numbers["requestMem"],
        limit_cpu=numbers["limitCpu"],
        limit_mem=numbers["limitMem"],
        replicas=numbers["replicas"],
        revisions=numbers["revisions"],
        port=numbers["port"],
        node_port=numbers["nodePort"],
        min_replicas=numbers["minReplicas"],
        max_replicas=numbers["maxReplicas"],
        pull_policy=values.text("imagePullPolicy"),
        account=values.text("serviceAccount"),
    )


def _number(values: Values, key: str) -> int:
    """Return the number of an option, 0 where it is left out."""
    text, (least, most) = values.text(key), _NUMBERS[key]
    if text in ("", "0") and (least == 0 or key in ("nodePort", "port", "targetPort")):
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise usage(f"-{key} is `{text}`", f"write a whole number from {least} to {most}")
    return int(text)


def _refuse(values: Values, shipped: Shipped) -> None:
    """Refuse options that fit one service only, and ports that it does not have. Raises AlreadyReported."""
    given = next((key for key in _ALONE if values.text(key) not in ("", "0")), "")
    if given and len(shipped.services) > 1:
        known = ", ".join(service.service for service in shipped.services)
        raise usage(f"-{given} is for one service, and there are {known}", "name one: mallgen kube NAME")
    looking = next((service for service in shipped.services if service.watched), None)
    if looking is not None and not values.text("namespace"):
        hint = "add -namespace NAME: the RoleBinding has to say where the account of its pods is"
        raise usage(f"{looking.name} finds pods by k8s:// targets, and runs in an unknown namespace", hint)
    only: Deployable = shipped.services[0]
    target, port = values.text("targetPort"), values.text("port")
    if target and target != str(only.port):
        raise unfit_port("targetPort", target, only)
    if (port or values.text("nodePort") not in ("", "0")) and not only.port:
        raise usage(f"{only.name} listens on no port, and has no Service", "leave out -port and -nodePort")
    if (port or values.text("nodePort") not in ("", "0")) and only.is_shut:
        hint = "leave out -port and -nodePort, or write 0.0.0.0 in the settings: then the whole cluster reaches it"
        raise usage(f"{only.name} listens on {only.listens}, for its own pod alone, and has no Service", hint)
    if only.kind == GRPC and port and port != str(only.port) and not target:
        hint = f"write -targetPort {only.port}, too: calls then go through the Service's address, and stay with one pod"
        raise usage(f"-port is {port}, and {only.name} listens on {only.port}, where its callers look for it", hint)
