"""The Dockerfile of a service, and what is left out of its build context. Pure."""

import json
from typing import NamedTuple

from mallgen.emit.production.facts import HTTP, USER, Deployable, Probe
from mallgen.emit.production.reach import opening

IGNORED = """\
# Everything but the project stays out of the image.
**/__pycache__
**/*.pyc
.env
.git
.mallgen
.mypy_cache
.pytest_cache
.ruff_cache
.venv
build
compose.yaml
data
dist
Dockerfile
kube.yaml
logs
tests
"""
_HEAD = """\
# This file is yours: `mallgen docker` writes it once. `mallgen check` says where it no longer fits the settings.
#   docker build -t {image} {context}
# Packages that no index has, such as one of your own, are found as wheels in {wheels}/.
"""
_PINNED = """\
# The base image: --build-arg BASE=… takes another one.
"""
_LOOSE = """\
# The base image, not pinned yet: a tag may be another image tomorrow. Write its digest here (the command prints it), or
# give it with --build-arg BASE={base}@sha256:…
#   docker buildx imagetools inspect {base}
"""
_BUILD = """\
ARG BASE={base}

FROM ${{BASE}} AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels --find-links wheels .

FROM ${{BASE}}
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1{zone}
WORKDIR /app
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \\
    pip install --no-cache-dir --no-index /wheels/*.whl{folders}
COPY etc etc
USER {user}:{user}
"""


class ImageOptions(NamedTuple):
    """The options of `mallgen docker`: the base image, and the time zone."""

    base: str
    zone: str = ""


def dockerfile(service: Deployable, options: ImageOptions) -> str:
    """Return the text of a service's Dockerfile; its build context is the service's folder."""
    image, context = f"{service.name}:{service.version}", service.folder
    wheels = "wheels" if context == "." else f"{context}/wheels"
    head = _HEAD.format(image=image, context=context, wheels=wheels)
    note = (_PINNED if "@" in options.base else _LOOSE).format(base=options.base.partition("@")[0])
    folders = f" \\\n    && install -d -o {USER} -g {USER} {' '.join(service.folders)}" if service.folders else ""
    zone = f" TZ={options.zone}" if options.zone else ""
    build = _BUILD.format(base=options.base, zone=zone, folders=folders, user=USER)
    ports = f"EXPOSE {' '.join(map(str, service.ports.values()))}\n" if service.ports else ""
    return f"{head}{note}{build}{ports}{_closed(service)}{_health(service.probe)}{_start(service)}"


def health_words(probe: Probe, path: str) -> list[str]:
    """Return the command that asks for health from inside of the container."""
    scheme = f"{HTTP}s" if probe.is_tls else probe.by
    tail = path if probe.by == HTTP else ""
    return ["python", "-m", "mallgen_runtime.probe", f"{scheme}://{probe.host}:{probe.port}{tail}"]


def _closed(service: Deployable) -> str:
    """Return the comment of a service that listens for its container alone, empty for others."""
    if not service.is_shut:
        return ""
    opened = opening(service)
    note = f"# By its settings it listens on {service.listens}, for the container alone: that port is not exposed."
    if opened is None:
        return f"{note}\n"
    ports = f"127.0.0.1:{service.port}:{service.port}"
    start = f"docker run -e {opened.variable}={opened.value} -p {ports} {service.name}:{service.version}"
    return f"{note}\n# This opens it to the machine that runs the container, and to no other:\n#   {start}\n"


def _health(probe: Probe | None) -> str:
    if probe is None:
        return "# It listens on no port; with a DevServer block in its settings it would.\nHEALTHCHECK NONE\n"
    times = "--interval=10s --timeout=3s --start-period=30s"
    return f"HEALTHCHECK {times} \\\n    CMD {json.dumps(health_words(probe, probe.live))}\n"


def _start(service: Deployable) -> str:
    entry = json.dumps(["python", "-m", service.package])
    return f"ENTRYPOINT {entry}\nCMD {json.dumps(['-f', service.settings])}\n"
