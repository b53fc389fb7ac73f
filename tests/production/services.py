"""Services with all kinds of settings, as they are put into production."""

from pathlib import Path

from mallgen.emit.production.facts import Callee, Deployable, read_settings
from tests.conftest import mallgen

API = """syntax = "v1"

type Reply {
	Text string `json:"text"`
}

@server (
	jwt: Auth
)
service shop-api {
	@handler hello
	get /hello returns (Reply)
}
"""
RPC = """syntax = "proto3";
package stock;
message Request {}
message Reply {}
service Stock { rpc Count(Request) returns (Reply); }
"""
QUEUE = """syntax = "proto3";
package mails;
import "google/protobuf/empty.proto";
message Mail { string text = 1; }
service Mails { rpc Sent(Mail) returns (google.protobuf.Empty); }
"""
WORKSPACE = """[service.shop]
contract = "shop.api"
dir = "services/shop"
uses = ["stock", "mails"]

[service.stock]
contract = "stock.proto"
dir = "services/stock"

[service.mails]
contract = "mails.proto"
kind = "rmq"
dir = "services/mails"
"""
SETTINGS = {
    "services/shop/etc/shop-api.yaml": """Name: shop-api
Port: 8888
Shutdown: {WrapUpTime: 10s, WaitTime: "0"}
DevServer: {}
CacheRedis: [{Host: "${REDIS:-127.0.0.1:6379}", Pass: "${REDIS_PASSWORD}"}]
StockRPC: {Etcd: {Hosts: ["${ETCD:-127.0.0.1:2379}"]}}
MailsQueue: {Brokers: ["${KAFKA:-127.0.0.1:9092}"]}
Auth: {AccessSecret: "${AUTH_ACCESS_SECRET}"}
""",
    "services/stock/etc/stock.yaml": """Name: stock.rpc
ListenOn: 0.0.0.0:8080
Etcd: {Hosts: ["${ETCD:-127.0.0.1:2379}"], Key: stock.rpc}
DataSource: mysql://shop:${DB_PASSWORD}@${DB_HOST:-127.0.0.1}:3306/stock_items
Log: {Mode: file, Path: var/logs}
""",
    "services/mails/etc/mails.yaml": """Name: mails.rmq
Brokers: ["queue:9092"]
DevServer: {Port: 6061}
DataSource: postgres://mails:secret@database:5432/mails?sslmode=disable
""",
}


def workspace(folder: Path) -> None:
    """Generate a workspace of three kinds of services in a folder, which is the working directory."""
    texts = {"shop.api": API, "stock.proto": RPC, "mails.proto": QUEUE, "mallgen.toml": WORKSPACE}
    for path, text in texts.items():
        (folder / path).write_text(text, encoding="utf-8")
    assert mallgen("gen", "-q").code == 0
    for path, text in SETTINGS.items():
        (folder / path).write_text(text, encoding="utf-8")


def service(settings: str, kind: str = "grpc", contract: str = "rpc", uses: tuple[Callee, ...] = ()) -> Deployable:
    """Return a service with these settings."""
    return Deployable(
        name="order",
        service="order",
        contract=contract,
        kind=kind,
        package="order_rpc",
        folder="order",
        version="0.1.0",
        settings="etc/order.yaml",
        texts={"order.yaml": settings},
        tree=read_settings(settings, "order/etc/order.yaml"),
        uses=uses,
    )
