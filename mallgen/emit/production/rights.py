"""The rights of a service that finds pods by `k8s://` targets: an account, and a Role wherever it looks. Pure."""

from collections.abc import Iterator

from mallgen.emit.production.facts import Deployable
from mallgen.emit.production.manifests import Block, commented

GROUP, RESOURCE, VERBS = "discovery.k8s.io", "endpointslices", ("list", "watch")
_RBAC, _RBAC_GROUP = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"


def rights(service: Deployable, name: str, namespace: str, account: str) -> Iterator[tuple[str, Block]]:
    """Yield the documents, each with the comment above it; an account that the user names is not made.

    `namespace` is that of the account, which a RoleBinding elsewhere has to name.
    """
    if not service.watched:
        return
    if not account:
        yield "", _document("v1", "ServiceAccount", name, namespace, name)
    for where in service.watched:
        yield from _granted(f"{name}-pods", name, where, (account or name, namespace))


def _granted(role: str, name: str, where: str, subject: tuple[str, str]) -> Iterator[tuple[str, Block]]:
    rules = [{"apiGroups": [GROUP], "resources": [RESOURCE], "verbs": list(VERBS)}]
    note = commented([f"The settings look for pods in the namespace {where}: the service may read where they are."])
    yield note, {**_document(_RBAC, "Role", role, where, name), "rules": rules}
    account, home = subject
    yield "", {
        **_document(_RBAC, "RoleBinding", role, where, name),
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": home}],
        "roleRef": {"apiGroup": _RBAC_GROUP, "kind": "Role", "name": role},
    }


def _document(version: str, kind: str, name: str, namespace: str, app: str) -> Block:
    space = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **space, "labels": {"app": app}}}
