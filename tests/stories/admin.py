"""An admin with embedded types, maps, path and form parameters."""

from tests.stories.driver import Story, given


def story_admin(s: Story) -> None:
    """Embedded types, maps, path and form parameters, three service blocks over imported files."""
    s.write("admin.api", given("admin.api"))
    s.write("parts/shared.api", given("admin_shared.api"))
    s.write("parts/users.api", given("admin_users.api"))
    s.write("parts/assets/assets.api", given("admin_assets.api"))
    ran = s.run("api", "py", "-api", "admin.api", "-dir", ".", "-q")
    assert not ran.code, ran.err
    s.implement()
    for number, name in ((901, "trace"), (902, "guard")):
        text = given("middleware.txt").format(cls=name.title(), number=number).replace("blog_api", "admin_api")
        s.write(f"admin_api/middleware/{name}_middleware.py", text)
        s.marks[number] = (".", f"middleware {name.title()}")
    s.step("nothing")
    s.edit(
        "parts/shared.api",
        '\t\tSize int32 `form:"size,default=20"`\n',
        '\t\tSize int32 `form:"size,default=20"`\n\t\tSort string `form:"sort,default=id"`\n',
    )
    s.step("an embedded request type has a field more")
    s.edit("parts/shared.api", '\t\tNumber int32 `form:"number,default=1"`\n', "")
    s.step("a field of an embedded request type is gone")
    s.edit("parts/shared.api", "\tPage {\n", '\tPage {\n\t\tNumber int32 `form:"number,default=1"`\n')
    s.step("and is back")
    s.sub("parts/users.api", r"\bUser \{\n\t\tAudit\n", "User {\n")
    s.step("a type is no longer embedded")
    s.sub("parts/users.api", r"\bRole\b(?= \{| `|\))", "Duty")
    s.step("Role is Duty, in lists and maps")
    s.edit("parts/users.api", "returns ([]int64)", "returns ([]Duty)")
    s.step("a list of numbers is one of structs")
    s.edit("parts/users.api", "get /names returns ([]string)", "get /names returns (string)")
    s.step("[]string is string")
    s.edit("parts/users.api", "get /names returns (string)", "get /names")
    s.step("string is nothing")
    s.edit(
        "parts/users.api",
        "@handler Names\n\tget /names",
        "@handler Names\n\tget /names (UserListRequest) returns (UserListResponse)",
    )
    s.step("nothing takes and answers something")
    s.edit("parts/users.api", "get /:id/rights (UserPathRequest)", "get /:id/rights (GrantRequest)")
    s.step("another request type")
    s.edit("parts/users.api", "@handler Rights\n\tget /:id/rights", "@handler ListRights\n\tget /:id/permissions")
    s.step(
        "handler and path at once",
        moved={
            f"{k} GET /admin/users/:id/rights": f"{k} GET /admin/users/:id/permissions" for k in ("logic", "handler")
        },
    )
    blocks(s)


def blocks(s: Story) -> None:
    """The `@server` blocks and the files change."""
    s.edit("parts/users.api", "middleware: Trace,Guard", "middleware: Guard,Trace,Limit")
    s.edit("parts/users.api", "jwt: Auth", "jwt: Session")
    s.step("a middleware more, another jwt")
    s.sub("parts/users.api", r"\tjwt: Session\n", "")
    s.step("no jwt")
    s.sub("parts/users.api", r"\tmiddleware: [^\n]*\n", "")
    s.step("no middleware")
    s.sub("parts/users.api", r"\tgroup: users\n", "")
    s.step("no group")
    s.edit("admin.api", 'import "parts/users.api"\n', "")
    s.sub("parts/users.api", 'syntax = "v1"\n\nimport "shared.api"\n', "")
    text = (s.root / "parts/users.api").read_text()
    (s.root / "parts/users.api").unlink()
    with (s.root / "admin.api").open("a") as file:
        file.write("\n" + text)
    s.edit("admin.api", 'import "parts/assets', 'import "parts/shared.api"\nimport "parts/assets')
    s.step("a file is joined to the main one")
    s.sub("admin.api", r"\bHealth\b", "State")
    s.sub("admin.api", r"@handler State\n\tget /health", "@handler Ready\n\tget /ready")
    s.step(
        "type, handler and path at once",
        moved={f"{k} GET /admin/health": f"{k} GET /admin/ready" for k in ("logic", "handler")},
    )
    s.sub("parts/assets/assets.api", r"AssetTree", "Asset2")
    s.sub("parts/assets/assets.api", r"\bAsset\b", "AssetTree")
    s.sub("parts/assets/assets.api", r"Asset2", "Asset")
    s.step("two types swap their names")
