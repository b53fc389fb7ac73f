"""A workspace: a BFF and the services that it calls."""

from tests.stories.driver import Story, given


def story_bff(s: Story) -> None:
    """Play a workspace of a BFF and three services that it calls."""
    for name, text in (("order", given("order.proto")), ("user", given("user.proto")), ("news", given("news.proto"))):
        s.write(f"protos/{name}.proto", text)
    s.write("api/front.api", given("front.api"))
    s.write("mallgen.toml", given("mallgen.toml"))
    assert not s.run("gen", "-q").code
    for folder in s.folders():
        s.implement(folder)
    s.marks = {n: m for n, m in s.marks.items() if m != ("front", "logic GET /v1/home")}
    s.write("front/front_api/logic/home_logic.py", given("home_logic.txt"))
    s.marks[500] = ("front", "logic GET /v1/home")
    s.write("front/front_api/follow.py", given("follow.txt"))
    s.step("nothing", ())
    its_messages(s)
    its_workspace(s)


def its_messages(s: Story) -> None:
    """Change the protos of the used services."""
    here: tuple[str, ...] = ()
    s.edit("protos/user.proto", "rpc Get(GetRequest)", "rpc Find(GetRequest)")
    s.step("an RPC of a used service has another name", here, moved={"logic /user.Users/Get": "logic /user.Users/Find"})
    s.edit("front/front_api/logic/home_logic.py", "user_rpc.get(", "user_rpc.find(")
    s.sub("protos/user.proto", r"\bUser\b", "Person")
    s.step("a message of a used service has another name", here)
    s.sub("protos/user.proto", r"service Users", "service People")
    s.step("its service has another name", here, moved={"logic /user.Users/Find": "logic /user.People/Find"})
    s.edit("protos/order.proto", "(stream Line)", "(OrdersResponse )")
    s.step("a stream is none", here)
    s.edit("protos/order.proto", "(OrdersResponse )", "(stream Line)")
    s.step("and is one", here)
    s.edit("protos/news.proto", "message Entry { string title = 1; }\n", 'import "entry.proto";\n')
    s.edit("protos/news.proto", "repeated Entry", "repeated entry.Entry")
    s.write(
        "protos/entry.proto",
        'syntax = "proto3";\npackage entry;\noption go_package = "./entry";\nmessage Entry { string title = 1; }\n',
    )
    s.step("a message of a used service moves to an imported proto", here)


def its_workspace(s: Story) -> None:
    """Change mallgen.toml."""
    here: tuple[str, ...] = ()
    s.edit("mallgen.toml", 'uses = ["order", "user", "news"]', 'uses = ["order", "user"]')
    s.step("the BFF no longer uses news", here)
    s.edit("mallgen.toml", 'uses = ["order", "user"]', 'uses = ["user", "news", "order"]')
    s.step("and does again", here)
    s.sub("mallgen.toml", r"service\.news\]", "service.headlines]")
    s.edit("mallgen.toml", '"news", "order"', '"headlines", "order"')
    s.step("news is headlines in the workspace", here)
    s.edit("mallgen.toml", "[service.order]\n", '[service.order]\nuses = ["user"]\n')
    s.step("an RPC service uses another", here)
    (s.root / "contracts").mkdir()
    (s.root / "api/front.api").rename(s.root / "contracts/front.api")
    s.edit("mallgen.toml", '"api/front.api"', '"contracts/front.api"')
    s.step("the contract is elsewhere", here)
    side = "@server (\n\tgroup: side\n)\nservice front-api {\n\t@handler Side\n\tget /side returns (HomeResponse)\n}\n"
    with (s.root / "contracts/front.api").open("a", encoding="utf-8") as file:
        file.write(f"\n{side}")
    s.step("a group more", here)
