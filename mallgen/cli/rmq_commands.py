"""The commands of `mallgen rmq`, as the rest of the table in options.py."""

from mallgen.cli.options import (
    DIR,
    DRY_RUN,
    FOLDER,
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
from mallgen.kinds.tables import DIALECTS

_TOPIC = Argument("topic", "The topic, as the contract names it.")
_COUNT = Option("count", "End after so many messages.", "N")
_HERE = FOLDER._replace(help="The folder of the service (default: the workspace's, else this one).")
_DIALECT = Option(
    "dialect", "The dialect of the .sql that gets it, whatever the database (default: mysql).", "NAME", choices=DIALECTS
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
        (Option("dir", "The folder that receives mallgen/queue.proto (default: this one).", "DIR"), FORMAT),
        example="mallgen rmq protos -dir third_party",
    ),
    Command(
        ("rmq", "outbox"),
        "Print the DDL of the outbox, for the .sql of a service that sends what its transactions commit.",
        "rmq_outbox",
        (_DIALECT,),
        example="mallgen rmq outbox -dialect postgres >> order.sql",
    ),
    Command(
        ("rmq", "once"),
        "Print the DDL of the table by which logic does its work once, for a service's .sql.",
        "rmq_outbox",
        (_DIALECT,),
        example="mallgen rmq once -dialect postgres >> order.sql",
        given=(("tables", "once"),),
    ),
    Command(
        ("rmq", "tail"),
        "Print the messages of a topic as they come, each as a line of JSON; Ctrl-C ends it.",
        "rmq_topic",
        (Option("first", "Begin with the oldest message."), _COUNT, _HERE, FORMAT),
        (_TOPIC,),
        example="mallgen rmq tail seckill.order-requested",
        given=(("verb", "tail"),),
    ),
    Command(
        ("rmq", "send"),
        "Send a message to a topic; its JSON is checked by the contract.",
        "rmq_topic",
        (Option("key", "The partition key, in place of the contract's.", "KEY"), _HERE, FORMAT),
        (_TOPIC, Argument("json", "The message as JSON, `-` for stdin.")),
        example="""mallgen rmq send seckill.order-requested '{"userId": 1, "productId": 2}'""",
        given=(("verb", "send"),),
    ),
    Command(
        ("rmq", "dlq", "list"),
        "Print the dead letters of a topic that nobody has replayed.",
        "rmq_topic",
        (_COUNT, _HERE, FORMAT),
        (_TOPIC,),
        example="mallgen rmq dlq list seckill.order-requested",
        given=(("verb", "list"),),
    ),
    Command(
        ("rmq", "dlq", "replay"),
        "Send the dead letters of a topic to it again, each once.",
        "rmq_topic",
        (_COUNT, _HERE, FORMAT),
        (_TOPIC,),
        example="mallgen rmq dlq replay seckill.order-requested",
        given=(("verb", "replay"),),
    ),
)
