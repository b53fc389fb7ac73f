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
    Command(
        ("kube",),
        "Write the Kubernetes manifests of each service; `kube deploy`, as goctl has it, is the same.",
        "kube",
        (
            FOLDER,
            Option("o", "The file that is written (default: kube.yaml in the service's folder).", "FILE"),
            Option("name", "The name of the Deployment and the Service (default: the service's).", "NAME"),
            Option("namespace", "The namespace (default: kubectl's).", "NAMESPACE"),
            Option("image", "The image (default: NAME:VERSION, as `mallgen docker` names it).", "IMAGE"),
            Option("secret", "The secret that images are pulled with.", "NAME"),
            Option("requestCpu", "Thousandths of a core that are asked for, 0 for none.", "M", default="500"),
            Option("requestMem", "MiB that are asked for, 0 for none.", "MI", default="512"),
            Option("limitCpu", "Thousandths of a core at most, 0 for no limit.", "M", default="1000"),
            Option("limitMem", "MiB at most, 0 for no limit.", "MI", default="1024"),
            Option("replicas", "Pods to start with.", "N", default="3"),
            Option("minReplicas", "Pods at least.", "N", default="3"),
            Option("maxReplicas", "Pods at most.", "N", default="10"),
            Option("revisions", "Former versions that are kept, to roll back to.", "N", default="5"),
            Option("port", "The port of the Service (default: the container's).", "PORT"),
            Option("targetPort", "The port of the container; it must be that of its settings.", "PORT"),
            Option("nodePort", "The port of the nodes, 30000 to 32767; 0 for none.", "PORT", default="0"),
            Option("imagePullPolicy", "When images are pulled.", "POLICY", choices=("Always", "IfNotPresent", "Never")),
            Option("serviceAccount", "The account of the pods.", "NAME"),
            DRY_RUN,
            FORMAT,
            QUIET,
        ),
        (_SERVICES,),
        example="mallgen kube order -namespace shop -image registry.example/order:1.4.2",
    ),
    Command(
        ("compose",),
        "Write a compose file for the whole workspace, with the servers that the settings lead to.",
        "compose",
        (
            Option("o", "The file that is written (default: compose.yaml beside mallgen.toml).", "FILE"),
            DRY_RUN,
            FORMAT,
            QUIET,
        ),
        example="mallgen compose",
    ),
    Command(
        ("graph",),
        "Print a picture of the services in mallgen.toml and of who uses whom.",
        "graph",
        (
            Option("to", "SVG, or Mermaid for Markdown.", "PICTURE", default="svg", choices=("svg", "mermaid")),
            FORMAT,
        ),
        example="mallgen graph > docs/services.svg",
    ),
)
