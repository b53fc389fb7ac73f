"""Stories with contracts of public projects."""

import re
import shutil

from tests.conftest import CORPUS
from tests.stories.driver import Story, given


def everywhere(s: Story, folder: str, pattern: str, new: str, suffix: str = "api") -> None:
    """Replace a pattern in all contracts below a folder."""
    hits = 0
    for path in (s.root / folder).rglob(f"*.{suffix}"):
        text = path.read_text(encoding="utf-8")
        after, count = re.subn(pattern, new, text)
        hits += count
        path.write_text(after, encoding="utf-8")
    assert hits, f"nothing to replace below {folder}: {pattern}"


def story_core(s: Story) -> None:
    """Sixty routes in fourteen imported files."""
    shutil.copytree(CORPUS / "Wenpiner+last-admin-core/api/desc", s.root / "desc")
    ran = s.run("api", "py", "-api", "desc/all.api", "-dir", "out", "-q")
    assert not ran.code, ran.err
    s.implement("out")
    mid = "out/core_api/middleware/auth_middleware.py"
    s.write(mid, given("middleware.txt").format(cls="Auth", number=900).replace("blog_api", "core_api"))
    s.marks[900] = ("out", "middleware AuthMiddleware")
    out = ("-dir", "out")
    s.step("nothing", out)
    everywhere(s, "desc", r"\bBaseResponse\b", "PlainResponse")
    s.step("BaseResponse is PlainResponse everywhere", out)
    everywhere(s, "desc", r"\bBaseDataInfo\b", "DataInfo")
    s.step("the embedded BaseDataInfo is DataInfo", out)
    s.edit(
        "desc/base.api",
        '	Data    string `json:"data"`\n',
        '	Data    string `json:"data"`\n	Trace   string `json:"trace,optional"`\n',
    )
    s.step("the embedded type has a field more", out)
    s.edit("desc/base.api", '	Trace   string `json:"trace,optional"`\n', "")
    s.step("and less", out)
    before, after = (f'\t{name} string `json:"message"`\n\tData ' for name in ("Message", "Msg    "))
    s.edit("desc/base.api", before, after)
    s.step("a field of the embedded type has another name", out)
    s.edit("desc/base.api", after, before)
    s.step("reverted", out)
    s.sub("desc/core/user.api", r"group:( +)user\n", r"group:\1account/user\n")
    s.step("a group of two files moves, another has the same name", out)
    s.sub("desc/core/role.api", r"group:( +)role\n", r"group:\1account/role\n")
    s.sub("desc/core/role.api", r"\bRoleInfo\b", "Role")
    s.step("group and type at once", out, gen_first=True)
    everywhere(s, "desc", r"middleware: AuthMiddleware", "middleware: Authority")
    s.step("the middleware has another name", out)
    everywhere(s, "desc", r"jwt:( +)Auth\b", r"jwt:\1Token")
    s.step("jwt Auth is Token", out)
    s.edit("desc/all.api", 'import "core/role.api"\n', 'import "core/roles/role.api"\n')
    (s.root / "desc/core/roles").mkdir()
    (s.root / "desc/core/role.api").rename(s.root / "desc/core/roles/role.api")
    s.sub("desc/core/roles/role.api", r'"../base.api"', '"../../base.api"')
    s.step("a file moves", out)
    s.edit("desc/all.api", 'import "core/token.api"\n', "")
    s.edit("desc/all.api", 'import "core/position.api"\n', "")
    s.step("two files are no longer imported", out)
    s.edit(
        "desc/all.api", 'import "core/roles/role.api"\n', 'import "core/roles/role.api"\nimport "core/position.api"\n'
    )
    s.step("one is back", out)


def story_powerx(s: Story) -> None:
    """More than three hundred routes, in groups of up to five levels."""
    shutil.copytree(CORPUS / "ArtisanCloud+PowerX/api", s.root / "api")
    s.sub("api/web/dictionary.api", r"mp/dictionary", "web/dictionary")
    ran = s.run("api", "py", "-api", "api/powerx.api", "-dir", "out", "-q")
    assert not ran.code, ran.err
    s.implement("out")
    out = ("-dir", "out")
    s.step("nothing", out)
    everywhere(s, "api", r"@handler Get(?=[A-Z])", "@handler Fetch")
    s.step("every Get is Fetch", out)
    everywhere(s, "api", r"group: *admin/crm/", "group: crm/")
    everywhere(s, "api", r"(?m)^(\s*)([A-Z]\w*)Reply( ?)\{", r"\1\2Answer\3{")
    everywhere(s, "api", r"(?m)^type ([A-Z]\w*)Reply( ?)\{", r"type \1Answer\2{")
    everywhere(s, "api", r"\b([A-Z]\w*)Reply\b", r"\1Answer")
    s.step("every Reply is Answer, and groups move, in one", out)
    everywhere(s, "api", r"@handler Fetch(?=[A-Z])", "@handler Get")
    everywhere(s, "api", r"group: *crm/", "group: admin/crm/")
    everywhere(s, "api", r"\b([A-Z]\w*)Answer\b", r"\1Reply")
    s.step("all of it back", out, gen_first=True)
