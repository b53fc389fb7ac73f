"""The commands of `mallgen rmq`, as the rest of the table in options.py."""

from mallgen.cli.options import (
    DIR,
    DRY_RUN,
    FORCE,
    FORMAT,
    FROM_FILENAME,
    INCLUDES,
    PROTOS,
    QUIET,
    Argument,
    Command,
    Option,
)

RMQ_COMMANDS = (
    Command(
        ("rmq", "protoc"),
        "Generate a Python service that consumes the topics of .proto files, and its producer.",
        "rpc_protoc",
        (DIR, INCLUDES, FROM_FILENAME, DRY_RUN, FORCE, FORMAT, QUIET),
        (PROTOS,),
        example="mallgen rmq protoc seckill_queue.proto -dir .",
        given=(("kind", "rmq"),),
    ),
    Command(
        ("rmq", "new"),
        "Make a new queue service that consumes at once.",
        "new",
        (FORMAT, QUIET),
        (Argument("name", "The service's name; its folder is made here."),),
        example="mallgen rmq new mails",
        given=(("project", "rmq new"),),
    ),
    Command(
        ("rmq", "protos"),
        "Write the protos that come with mallgen, for protoc and goctl.",
        "rmq_protos",
        (Option("dir", "The folder that receives mallgen/queue.proto (default: this one).", "DIR"),),
        example="mallgen rmq protos -dir third_party",
    ),
)
