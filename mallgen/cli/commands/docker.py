"""mallgen docker: a Dockerfile for each service, written once."""

import re

from mallgen.cli.options import Values
from mallgen.cli.production_commands import BASE
from mallgen.cli.shipping import Shipped, chosen, unfit_port, usage, write_all
from mallgen.emit.production.dockerfile import IGNORED, ImageOptions, dockerfile
from mallgen.text.suggest import did_you_mean

_IMAGE = re.compile(r"[A-Za-z0-9][\w.:/-]*(?:@sha256:[0-9a-f]{64})?")
_VERSION = re.compile(r"3(?:\.[0-9]+){0,2}")
_ZONE = re.compile(r"[A-Za-z][\w+-]*(?:/[\w+-]+){0,2}")


def run(values: Values) -> int:
    """Write the files that are missing; exit 1 when a folder cannot be written."""
    options = _options(values)
    shipped = chosen(values, values.many("service"))
    _refuse_port(values.text("port"), shipped)
    places = {
        shipped.folder(service): {"Dockerfile": dockerfile(service, options), ".dockerignore": IGNORED}
        for service in shipped.services
    }
    return write_all(places, shipped, values)


def _options(values: Values) -> ImageOptions:
    base, version, zone = values.text("base"), values.text("version"), values.text("tz")
    if base and version:
        raise usage("-base names the image, and -version a part of it", "leave out one of them")
    if version and not _VERSION.fullmatch(version):
        raise usage(f"-version is `{version}`, no version of Python", "write -version 3.12")
    if zone:
        _refuse_zone(zone)
    if base and not _IMAGE.fullmatch(base):
        raise usage(f"-base is `{base}`, no image", "write -base IMAGE:TAG@sha256:DIGEST, whose digest has 64 digits")
    image = base or (f"python:{version}-slim" if version else BASE)
    return ImageOptions(image, zone)


def _refuse_zone(zone: str) -> None:
    """Refuse a time zone that this machine does not know; one without any goes by the form. Raises AlreadyReported."""
    from zoneinfo import available_timezones

    known = available_timezones() if _ZONE.fullmatch(zone) else frozenset({"UTC"})
    if known and zone not in known:
        raise usage(f"-tz is `{zone}`, no time zone", did_you_mean(zone, sorted(known)) or "write -tz Asia/Shanghai")


def _refuse_port(port: str, shipped: Shipped) -> None:
    """Refuse a port that the service does not listen on: the image would say what is not so. Raises AlreadyReported."""
    for service in shipped.services if port else ():
        if port != str(service.port):
            raise unfit_port("port", port, service)
