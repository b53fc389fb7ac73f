"""The commands that put services into production, as the rest of the table in options.py."""

from mallgen.cli.options import DRY_RUN, FOLDER, FORMAT, QUIET, Argument, Command, Option

BASE = "python:3.12-slim"
_SERVICES = Argument("service", "Services by their names in mallgen.toml (default: all).", many=True, optional=True)

PRODUCTION_COMMANDS = (
    Command(
        ("docker",),
        "Write a Dockerfile for each service, and its .dockerignore.",
        "docker",
        (
            FOLDER,
            Option("base", f"The base image, as IMAGE@sha256:DIGEST (default: {BASE}, not pinned).", "IMAGE"),
            Option("version", "The version of Python in the base image, as goctl has Go's there.", "VERSION"),
            Option("port", "The port that the service listens on; it must be that of its settings.", "PORT"),
            Option("tz", "The time zone of the container (default: UTC).", "ZONE"),
            DRY_RUN,
            FORMAT,
            QUIET,
        ),
        (_SERVICES,),
        example="mallgen docker order",
    ),
)
