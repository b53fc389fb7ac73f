"""Dockerfiles, manifests and compose files beside the settings that they were made for: what no longer fits. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence

from mallgen.diagnostics import Diagnostic, Note
from mallgen.drift.scalars import plain
from mallgen.emit.production.compose import until_killed
from mallgen.emit.production.dockerfile import health_words
from mallgen.emit.production.facts import HTTP, Deployable, read_settings, seconds, variables
from mallgen.emit.production.kube import drain
from mallgen.emit.production.labels import label_drift
from mallgen.emit.production.reach import opening
from mallgen.emit.production.rights import GROUP, RESOURCE
from mallgen.emit.production.trees import BadYaml, Tree, documents
from mallgen.text.span import Span

_EXPOSE = re.compile(r"^EXPOSE[ \t]+(?P<ports>[^\n#]*)", re.M | re.I)
_PROBED = re.compile(r"://(?:127\.0\.0\.1|localhost|\[::1\]):(?P<port>\d{1,5})(?P<path>/[^\s\"'\],?#]*)?")
_MODULE = re.compile(r"[\"']?-m[\"']?[ \t,]+[\"']?(?P<module>[a-z_]\w*)[\"' \],]")
_SETTINGS = re.compile(r"[\"']?-f[\"']?[ \t,]+[\"']?(?P<path>[^\s\"',\]]+)")
_DOCKERS_GRACE = 10.0
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def docker_drift(service: Deployable, text: str, file: str) -> Iterator[Diagnostic]:
    """Yield what a Dockerfile says about its service that is no longer so."""
    ports = {str(port) for port in service.ports.values()}
    exposed = [port for found in _EXPOSE.finditer(text) for port in found["ports"].split()]
    for port in sorted(ports - {port.partition("/")[0] for port in exposed}):
        place = next((_span(file, text, *found.span("ports")) for found in _EXPOSE.finditer(text)), _first(file))
        yield _port(service, port, place, f"write EXPOSE {' '.join(sorted(ports))}")
    for found in _PROBED.finditer(text):
        if service.probe is not None and found["port"] not in _listened(service):
            place = _span(file, text, *found.span("port"))
            yield _port(service, str(service.probe.port), place, f"write {service.probe.port}")
        elif found["path"]:
            yield from _path(
                service, found["port"], found["path"], _span(file, text, *found.span("path")), is_ready=False
            )
    modules = [found for found in _MODULE.finditer(text) if found["module"] not in ("mallgen_runtime", "pip", "venv")]
    for found in modules:
        if found["module"] != service.package:
            message = f"the package of {service.name} is {service.package}"
            yield _drift(message, _span(file, text, *found.span("module")), f"write {service.package}")
    for found in _SETTINGS.finditer(text):
        path = found["path"].removeprefix("/app/")
        if path.startswith("etc/") and path.removeprefix("etc/") not in service.texts:
            message = f"there is no {path} in {service.folder}"
            yield _drift(message, _span(file, text, *found.span("path")), f"write {service.settings}")


def kube_drift(service: Deployable, text: str, file: str) -> Iterator[Diagnostic]:
    """Yield what manifests say about their service that is no longer so.

    The settings are those of the manifests' ConfigMap where it has them, and it is compared with the service's own.
    """
    trees = documents(text, file)
    for tree in trees:
        if tree.at("kind").text == "ConfigMap" and not tree.at("data").is_empty:
            found, problems = _of_config_map(service, tree.at("data"))
            yield from problems
            service = service if found is None else service._replace(tree=found)
    yield from label_drift(trees)
    for tree in trees:
        if tree.at("kind").text == "Deployment":
            yield from _deployment(service, tree)
            yield from _rights(service, tree, trees)
        elif tree.at("kind").text == "Service" and service.port:
            yield from _front(service, tree)


def _of_config_map(service: Deployable, data: Tree) -> tuple[Tree | None, list[Diagnostic]]:
    """Return the settings in a ConfigMap, None without; and what the service's own have that they lack."""
    name = service.settings.rpartition("/")[2]
    value = data.block.get(name)
    if value is None:
        message = f"the ConfigMap has no {name}, which {service.name} reads its settings from"
        return None, [_drift(message, data.span, f"copy {service.settings} there")]
    try:
        found = read_settings(value.text, value.span.file)
    except BadYaml as problem:
        return None, [_drift(f"{name} in the ConfigMap: {problem.message}", value.span, "correct it")]
    problems = []
    own, named = service.tree.at("name"), found.at("name")
    if own.text != named.text:
        message = f"the service's Name is {own.text}, and {named.text or 'none'} in the ConfigMap"
        problems.append(_drift(message, value.span, f"write Name: {own.text}", own.span))
    if service.port != service._replace(tree=found).port:
        problems.append(_port(service, str(service.port), value.span, "write that port in the ConfigMap, too"))
    for key, wanted in service.tree.block.items():
        if key not in found.block:
            message = f"{name} in the ConfigMap lacks {_spelled(service, key)}, which {service.settings} has"
            problems.append(_drift(message, value.span, "add it there", wanted.span))
    return found, problems


def _spelled(service: Deployable, key: str) -> str:
    """Return a key as the settings file spells it."""
    text = service.texts.get(service.settings.rpartition("/")[2], "")
    heads = (line.partition(":")[0].strip("\"' ") for line in text.splitlines() if line[:1].strip())
    return next((head for head in heads if plain(head) == key), key)


def _deployment(service: Deployable, tree: Tree) -> Iterator[Diagnostic]:
    pod = tree.at("spec.template.spec")
    containers = pod.at("containers").items
    container = next((one for one in containers if one.at("name").text == tree.at("metadata.name").text), None)
    container = container or (containers[0] if containers else None)
    if container is None:
        return
    ports = {str(port) for port in service.ports.values()}
    named = {port.at("name").text: port.at("containerPort").text for port in container.at("ports").items}
    for port in sorted(ports - set(named.values())):
        yield _port(service, port, container.at("ports").span, f"write containerPort: {port}")
    for key in _PROBES:
        yield from _probe(service, container.at(key), named, is_ready=key != "livenessProbe")
    given = {one.at("name").text for one in container.at("env").items}
    if not container.block.get("envFrom"):
        for one in variables(service.tree):
            if one.needed and one.name not in given:
                message = f"the settings need {one.name} from the environment, and the container has none"
                yield _drift(message, container.at("env").span, f"add {one.name} to env, and its value to the Secret")
    args = [word.text for word in container.at("args").items]
    path = next((word for word in args if word.startswith("etc/")), "")
    if path and path.removeprefix("etc/") not in service.texts:
        yield _drift(f"there is no {path} in {service.folder}", container.at("args").span, f"write {service.settings}")
    grace = pod.at("terminationGracePeriodSeconds")
    _, least = drain(service)
    if grace.text.isdecimal() and int(grace.text) < least:
        message = f"{service.name} needs up to {least} s to end, by Shutdown in its settings"
        yield _drift(message, grace.span, f"write {least}", service.tree.at("shutdown").span)


def _rights(service: Deployable, deployment: Tree, trees: Sequence[Tree]) -> Iterator[Diagnostic]:
    """Yield what keeps a service from finding pods, where the manifests have Roles or no account at all."""
    pod = deployment.at("spec.template.spec")
    roles = [tree for tree in trees if tree.at("kind").text in ("Role", "ClusterRole")]
    granted = {
        role.at("metadata.namespace").text
        for role in roles
        for rule in role.at("rules").items
        if {RESOURCE, "*"} & {item.text for item in rule.at("resources").items}
    }
    for namespace, place in service.watched.items():
        target = f"the settings look for pods in the namespace {namespace}"
        if pod.at("automountServiceAccountToken").text.lower() == "false":
            message = f"{target}, and the pods of {service.name} have no token to ask for them"
            hint = "remove this line, and add a ServiceAccount with a Role: `mallgen kube` writes them into a new file"
            yield _drift(message, pod.at("automountServiceAccountToken").span, hint, place)
            return
        if roles and not granted & {namespace, ""}:
            message = f"{target}, and no Role lets {service.name} read its {RESOURCE}"
            hint = f"add a Role in {namespace}: apiGroups [{GROUP}], resources [{RESOURCE}], verbs [list, watch]"
            yield _drift(message, pod.at("serviceAccountName").span, hint, place)


def _probe(service: Deployable, probe: Tree, named: dict[str, str], *, is_ready: bool) -> Iterator[Diagnostic]:
    asked = service.probe
    if asked is None:
        return
    for way in ("httpGet", "grpc", "tcpSocket"):
        port = probe.at(f"{way}.port")
        number = named.get(port.text, port.text)
        if port.text and number not in _listened(service):
            yield _port(service, str(asked.port), port.span, f"write {asked.port}")
        elif port.text and _is_surely_shut(service) and number == str(service.port):
            words = ", ".join(health_words(asked, asked.ready))
            yield _shut(service, "a probe", port.span, f"write exec: {{command: [{words}]}} in the place of {way}")
        elif way == "httpGet":
            path = probe.at("httpGet.path")
            yield from _path(service, number, path.text, path.span, is_ready=is_ready)
    for word in probe.at("exec.command").items:
        yield from _asked(service, word, is_ready=is_ready)


def _asked(service: Deployable, word: Tree, *, is_ready: bool) -> Iterator[Diagnostic]:
    """Yield what is wrong with a word of a command that asks for health."""
    found = _PROBED.search(word.text)
    if found is None or service.probe is None:
        return
    if found["port"] not in _listened(service):
        yield _port(service, str(service.probe.port), word.span, f"write {service.probe.port}")
    elif found["path"]:
        yield from _path(service, found["port"], found["path"], word.span, is_ready=is_ready)


def _path(service: Deployable, port: str, path: str, place: Span, *, is_ready: bool) -> Iterator[Diagnostic]:
    """Yield an error for a path that the service does not answer; it serves its health, and its routes to GET."""
    asked = service.probe
    if asked is None or asked.by != HTTP or port != str(asked.port) or not path:
        return
    has_files = "static" in service.tree.block
    if path not in {asked.live, asked.ready, *service.routes} and not has_files:
        wanted = asked.ready if is_ready else asked.live
        yield _drift(f"{service.name} answers nothing at {path}", place, f"write {wanted}")


def _listened(service: Deployable) -> set[str]:
    return {str(port) for port in service.listened.values()}


def _is_surely_shut(service: Deployable) -> bool:
    """Return whether a service listens for its pod alone, with no variable by which the Deployment may change that."""
    return service.is_shut and opening(service) is None


def _shut(service: Deployable, what: str, place: Span, hint: str) -> Diagnostic:
    message = f"{service.name} listens on {service.listens} by its settings, where {what} does not reach it"
    return _drift(message, place, hint, service.host_span)


def _front(service: Deployable, tree: Tree) -> Iterator[Diagnostic]:
    ports = _listened(service)
    for entry in tree.at("spec.ports").items if _is_surely_shut(service) else ():
        target = entry.at("targetPort") if entry.at("targetPort").text else entry.at("port")
        if target.text in (str(service.port), service.kind):
            way = f"remove it: `kubectl port-forward deployment/{service.name} {service.port}` reaches the service"
            yield _shut(service, "a Service", target.span, way)
            return
    for entry in tree.at("spec.ports").items:
        target = entry.at("targetPort") if entry.at("targetPort").text else entry.at("port")
        if target.text.isdecimal() and target.text not in ports:
            yield _port(service, str(service.port), target.span, f"write {service.port}")
        port = entry.at("port")
        if tree.at("spec.clusterIP").text == "None" and port.text != str(service.port) and port.span != target.span:
            yield _port(service, str(service.port), port.span, f"write {service.port}")


def compose_drift(
    services: Sequence[Deployable], text: str, file: str, folder_of: Callable[[str], str], unread: frozenset[str]
) -> Iterator[Diagnostic]:
    """Yield what a compose file says about the workspace that is no longer so.

    The services come each after those it calls. `folder_of` returns a build context as its path below the workspace's
    folder, empty for one outside; `unread` are those of services that are not among `services`.
    """
    trees = documents(text, file)
    listed = trees[0].at("services") if trees else Tree(_first(file))
    by_folder = {folder_of(_context(block)): (name, block) for name, block in listed.block.items() if _context(block)}
    earlier: dict[str, str] = {}  # of two services that call each other, one has to be first
    for service in services:
        if service.folder not in by_folder:
            message = f"{service.service} of mallgen.toml is not in the compose file"
            yield _drift(message, listed.span, f"add a service with `build: ./{service.folder}`")
        else:
            yield from _compose_service(service, by_folder[service.folder][1], earlier)
            earlier[service.service] = by_folder[service.folder][0]
    known = {service.folder for service in services} | unread
    for folder, (name, block) in by_folder.items():
        if folder and folder not in known:
            yield _drift(f"{name} is built from {folder}, where no service of mallgen.toml is", block.span, "remove it")


def _context(block: Tree) -> str:
    build = block.at("build")
    return build.text or build.at("context").text


def _compose_service(service: Deployable, block: Tree, earlier: dict[str, str]) -> Iterator[Diagnostic]:
    ports = _listened(service)
    for entry in block.at("ports").items:
        target = entry.at("target") if entry.block else entry
        port = target.text.partition("/")[0].rpartition(":")[2]
        if port.isdecimal() and port not in ports and service.port:
            yield _port(service, str(service.port), target.span, f"write {service.port} after the colon")
    for entry in block.at("expose").items:
        if entry.text.isdecimal() and entry.text not in ports and ports:
            yield _port(service, " and ".join(sorted(ports)), entry.span, "write that")
    words = block.at("healthcheck.test")
    for word in words.items or (words,):
        yield from _asked(service, word, is_ready=True)
    yield from _compose_grace(service, block)
    yield from _compose_environment(service, block)
    after = {*block.at("depends_on").block, *(item.text for item in block.at("depends_on").items)}
    for used in service.uses:
        name = earlier.get(used.name, "")
        if used.kind != "rmq" and name and name not in after:
            message = f"{service.service} uses {used.name} by mallgen.toml, and does not wait for it"
            place = block.at("depends_on").span
            yield _drift(message, place, f"add {name} to depends_on, with condition: service_healthy")


def _compose_grace(service: Deployable, block: Tree) -> Iterator[Diagnostic]:
    grace, least = block.at("stop_grace_period"), until_killed(service)
    given = seconds(grace.text) if grace.text else _DOCKERS_GRACE
    if given is not None and given < least:
        message = f"{service.name} needs up to {least} s to end, by Shutdown in its settings"
        hint = f"write {least}s" if grace.text else f"add stop_grace_period: {least}s; without it there are 10 s"
        yield _drift(message, grace.span, hint, service.tree.at("shutdown").span)


def _compose_environment(service: Deployable, block: Tree) -> Iterator[Diagnostic]:
    env = block.at("environment")
    given = {*env.block, *(item.text.partition("=")[0] for item in env.items)}
    if block.block.get("env_file"):
        return
    for one in service.variables:
        if one.needed and one.name not in given:
            message = f"the settings of {service.service} need {one.name} from the environment"
            yield _drift(message, env.span, f"add `{one.name}: ${{{one.name}:?set it in .env}}` to environment")


def _port(service: Deployable, port: str, place: Span, hint: str) -> Diagnostic:
    return _drift(f"{service.name} listens on {port} by its settings", place, hint, service.port_span)


def _drift(message: str, place: Span, hint: str, other: Span | None = None) -> Diagnostic:
    notes = (Note(other, "the settings"),) if other is not None and other.file != place.file else ()
    return Diagnostic("production-drift", message, place, hint, notes)


def _first(file: str) -> Span:
    return Span(file, 1, 1, 1, 2)


def _span(file: str, text: str, start: int, end: int) -> Span:
    line = text.count("\n", 0, start) + 1
    col = start - (text.rfind("\n", 0, start) + 1) + 1
    return Span(file, line, col, line, max(col + end - start, col + 1))
