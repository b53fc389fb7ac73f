"""Manifests beside each other: selectors that choose no pod, and scaling of a Deployment that is not there. Pure."""

from collections.abc import Iterator, Sequence

from mallgen.diagnostics import Diagnostic, Note
from mallgen.emit.production.trees import Tree

_SELECTORS = {
    "Deployment": "spec.selector.matchLabels",
    "PodDisruptionBudget": "spec.selector.matchLabels",
    "Service": "spec.selector",
}


def label_drift(trees: Sequence[Tree]) -> Iterator[Diagnostic]:
    """Yield the selectors that fit no pod of the file, where it has the Deployment of one."""
    deployments = [tree for tree in trees if tree.at("kind").text == "Deployment"]
    if not deployments:
        return
    for tree in trees:
        kind = tree.at("kind").text
        pods = [tree] if kind == "Deployment" else deployments
        if kind in _SELECTORS:
            yield from _selector(tree.at(_SELECTORS[kind]), [pod.at("spec.template.metadata.labels") for pod in pods])
        elif kind == "HorizontalPodAutoscaler":
            yield from _scaled(tree.at("spec.scaleTargetRef"), deployments)


def _selector(selector: Tree, labels: Sequence[Tree]) -> Iterator[Diagnostic]:
    for key, wanted in selector.block.items():
        if all(pod.at_key(key).text != wanted.text for pod in labels):
            found = labels[0].at_key(key)
            message = f"the pods of this file have no label `{key}: {wanted.text}`"
            hint = f"write {key}: {found.text}" if found.text else f"add it to spec.template.metadata.labels: {key}"
            yield Diagnostic("production-drift", message, wanted.span, hint, (Note(found.span, "their labels"),))


def _scaled(target: Tree, deployments: Sequence[Tree]) -> Iterator[Diagnostic]:
    names = [tree.at("metadata.name").text for tree in deployments]
    if target.at("kind").text == "Deployment" and target.at("name").text not in names:
        message = f"this file has no Deployment `{target.at('name').text}`"
        yield Diagnostic("production-drift", message, target.at("name").span, f"write {names[0]}")
