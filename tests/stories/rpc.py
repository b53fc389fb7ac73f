"""RPC services: one, then two; RPCs are added, removed and changed."""

from tests.stories.driver import Story, given


def story_rpc(s: Story) -> None:
    """Add, remove and change RPCs in one service, then in two."""
    s.write("shop.proto", given("shop.proto"))
    s.write("common.proto", given("common.proto"))
    assert not s.run("rpc", "protoc", "shop.proto", "-dir", ".", "-m", "-q").code
    s.implement()
    s.write("shop_rpc/ours.py", given("shop_ours.txt"))
    s.step("nothing")
    with (s.root / "shop.proto").open("a") as file:
        file.write(given("stock.txt"))
    s.step("a second service: the logic has folders now")
    s.implement()
    s.edit("shop.proto", "rpc List(ListReq) returns (ListResp);", "rpc Search(ListReq) returns (ListResp);")
    s.step("List is Search", moved={"logic /shop.Catalog/List": "logic /shop.Catalog/Search"})
    s.sub("shop.proto", r"\bItem\b", "Good")
    s.step("Item is Good")
    s.sub("shop_rpc/logic/catalog/get_logic.py", r"\bt\.Item\b", "t.Good")
    s.sub("shop_rpc/ours.py", r"\bItem\b", "Good")
    s.step("what was left to a human is done")
    s.edit("shop.proto", "rpc Search(ListReq) returns (", "rpc Search(ListReq) returns (stream ")
    s.step("the answer of Search is a stream")
    s.edit(
        "shop.proto", "rpc Search(ListReq) returns (stream ListResp);", "rpc Search(stream ListReq) returns (ListResp);"
    )
    s.step("the request is, the answer no more")
    s.edit("shop.proto", "rpc Search(stream ListReq)", "rpc Search(ListReq)")
    s.step("and all as it was", gen_first=True)
    s.edit("shop.proto", "message WatchReq { int64 id = 1; }\n", "")
    s.edit("common.proto", "message Money", "message WatchReq { int64 id = 1; }\nmessage Money")
    s.edit("shop.proto", "rpc Watch(WatchReq)", "rpc Watch(common.WatchReq)")
    s.step("a message moves to the imported proto")
    s.sub("shop.proto", r"(service Catalog \{.*?)  rpc Watch[^\n]*\n", r"\1")
    s.edit("shop.proto", "  rpc Put(", "  rpc Watch(common.WatchReq) returns (stream Good);\n  rpc Put(")
    s.step("Watch moves to Stock", moved={"logic /shop.Catalog/Watch": "logic /shop.Stock/Watch"})
    s.edit("shop.proto", "service Stock", "service Store")
    s.step(
        "Stock is Store", moved={f"logic /shop.Stock/{n}": f"logic /shop.Store/{n}" for n in ("Get", "Put", "Watch")}
    )
    s.edit("shop.proto", "int64 cursor = 1; ", "")
    s.step("a field that logic reads is gone")
    s.edit("shop.proto", "message ListReq { ", "message ListReq { int64 cursor = 1; ")
    s.edit("shop.proto", "rpc Put(stream Good) returns (Ack);", "")
    s.step("Put is gone, the field is back")
    s.sub("shop.proto", r"service Catalog .*?\}\n", "")
    s.step("Catalog is gone: no folders any more")
