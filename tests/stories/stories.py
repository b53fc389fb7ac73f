"""The stories."""

import re
import shutil
import subprocess

from tests.conftest import CORPUS
from tests.stories.driver import Story

BLOG = '''syntax = "v1"

info (
	title: "a blog"
)

type (
	Attachment {
		Name string `json:"name"`
		Size int64 `json:"size"`
		Meta map[string]string `json:"meta,optional"`
	}
	Author {
		ID int64 `json:"id"`
		Name string `json:"name"`
	}
	Comment {
		ID int64 `json:"id"`
		Author Author `json:"author"`
		Text string `json:"text"`
		Replies []*Comment `json:"replies"`
	}
	Post {
		ID int64 `json:"id"`
		Title string `json:"title"`
		Author Author `json:"author"`
		Files []Attachment `json:"files"`
	}
	ListPostsRequest {
		Cursor int64 `form:"cursor,optional"`
		Ps int64 `form:"ps,default=20"`
	}
	ListPostsResponse {
		Posts []*Post `json:"posts"`
		IsEnd bool `json:"is_end"`
	}
	PostRequest {
		ID int64 `path:"id"`
	}
	CreatePostRequest {
		Title string `json:"title"`
		Files []Attachment `json:"files,optional"`
	}
	CommentRequest {
		ID int64 `path:"id"`
		Text string `json:"text"`
	}
	CommentListResponse {
		Comments []*Comment `json:"comments"`
	}
)

@server (
	prefix: /v1
)
service blog-api {
	@doc "list"
	@handler ListPosts
	get /posts (ListPostsRequest) returns (ListPostsResponse)

	@handler GetPost
	get /posts/:id (PostRequest) returns (Post)

	@handler Trending
	get /trending returns (ListPostsResponse)

	@handler Latest
	get /latest returns (ListPostsResponse)
}

@server (
	prefix: /v1
	group: comment
	jwt: Auth
)
service blog-api {
	@handler AddComment
	post /posts/:id/comments (CommentRequest) returns (Comment)

	@handler ListComments
	get /posts/:id/comments (PostRequest) returns (CommentListResponse)
}

@server (
	prefix: /v1
	group: edit
	jwt: Auth
	middleware: Audit, Limit
)
service blog-api {
	@handler CreatePost
	post /posts (CreatePostRequest) returns (Post)

	@handler DeletePost
	delete /posts/:id (PostRequest)

	@handler Ping
	get /ping returns (string)
}
'''
HANDLER = '''"""Ours: what concerns HTTP."""

from mallgen_runtime import Context

from blog_api.logic.{group}{name}_logic import {cls}Logic
from blog_api.schemas import {types}
from blog_api.svc import ServiceContext


async def {name}_handler(
    ctx: Context,  # the request
    svc: ServiceContext,{req}
) -> {answer}:
    """ours"""
    logic = {cls}Logic(ctx, svc)
    found = await logic.{name}({arg})
    return found  # ours
'''
MIDDLEWARE = '''"""Ours."""

from mallgen_runtime import Context, Next, Response

from blog_api.svc import ServiceContext


class {cls}Middleware:
    """Ours."""

    def __init__(self, svc: ServiceContext) -> None:
        self.svc = svc
        self.count = 0

    async def handle(self, ctx: Context, next_: Next) -> Response:
        self.count += 1  # written by hand: {number}
        return await next_(ctx)
'''


def blog(s: Story) -> None:
    """The blog with everything written."""
    s.write("blog.api", BLOG)
    ran = s.run("api", "py", "-api", "blog.api", "-dir", ".", "-q")
    assert not ran.code, ran.err
    s.implement()
    s.write(
        "blog_api/handler/get_post_handler.py",
        HANDLER.format(
            group="", name="get_post", cls="GetPost", types="Post, PostRequest", req="\n    req: PostRequest,",
            answer="Post", arg="req",
        ),
    )
    s.write(
        "blog_api/handler/trending_handler.py",
        HANDLER.format(
            group="", name="trending", cls="Trending", types="ListPostsResponse", req="",
            answer="ListPostsResponse", arg="",
        ),
    )
    for number, name in ((901, "audit"), (902, "limit")):
        s.write(f"blog_api/middleware/{name}_middleware.py", MIDDLEWARE.format(cls=name.title(), number=number))
        s.marks[number] = (".", f"middleware {name.title()}")
    s.write("blog_api/helpers.py", HELPERS)
    s.edit("blog_api/config.py", "class Config(BaseConfig, kw_only=True):", "class Config(BaseConfig, kw_only=True):  # ours")
    with (s.root / "blog_api/config.py").open("a") as file:
        file.write("\n    page: int = 20  # ours\n")
    with (s.root / "etc/blog-api.yaml").open("a") as file:
        file.write("\n# ours\nPage: 30   # 页\n")


HELPERS = '''"""Ours: helpers that name the contract's types."""
from typing import Optional
import blog_api.schemas as s
from blog_api.schemas import Author as Writer, Post
from blog_api import schemas


def first(posts: list[Post]) -> Optional[Post]:
    return posts[0] if posts else None


def author(name: str) -> Writer:
    return Writer(id=1, name=name)


def files(names: list[str]) -> "list[s.Attachment]":
    return [schemas.Attachment(name=name, size=1) for name in names]
'''


def story_blog(s: Story) -> None:
    blog(s)
    s.step("nothing")
    s.edit("blog.api", "\t\tSize int64 `json:\"size\"`\n", "\t\tSize int64 `json:\"size\"`\n\t\tKind string `json:\"kind,optional\"`\n")
    s.step("an optional field more")
    s.sub("blog.api", r"\bAuthor \{", "Writer {")
    s.sub("blog.api", r"Author Author", "Author Writer")
    s.step("Author is Writer")
    s.sub("blog.api", r"\bPost\b(?! \{)(?=[ `)\n])(?!`)", "Article")
    s.sub("blog.api", r"\tPost \{", "\tArticle {")
    s.step("Post is Article")
    s.edit("blog.api", "@handler GetPost", "@handler ShowPost")
    s.step("GetPost is ShowPost, whose handler was edited")
    s.sub("blog.api", "@handler Trending", "@handler Swap")
    s.sub("blog.api", "@handler Latest", "@handler Trending")
    s.sub("blog.api", "@handler Swap", "@handler Latest")
    s.step("Trending and Latest swap their names")
    s.edit("blog.api", "group: comment", "group: talk/comment")
    s.step("the group comment is talk/comment")
    s.edit("blog.api", "middleware: Audit, Limit", "middleware: Audit, Throttle")
    s.step("Limit is Throttle", moved={"middleware Limit": "middleware Limit"})
    s.edit("blog.api", "get /ping returns (string)", "get /ping returns ([]string)")
    s.step("string is []string")
    s.edit("blog.api", "(CreatePostRequest) returns (Article)", "(CreatePostRequest) returns ([]Article)")
    s.step("Article is []Article")
    s.edit("blog.api", "delete /posts/:id (PostRequest)", "delete /posts/:id (PostRequest) returns (Article)")
    s.step("nothing is Article")
    s.edit("blog.api", "get /trending returns", "get /trending (ListPostsRequest) returns")
    s.step("a request comes")
    s.edit("blog.api", "get /trending (ListPostsRequest) returns", "get /trending returns")
    s.step("and goes")
    s.edit("blog.api", "get /latest returns", "get /latest (ListPostsRequest) returns")
    s.step("a request comes to an edited handler")
    s.edit("blog.api", "get /latest (ListPostsRequest) returns", "get /latest returns")
    s.step("and goes again")
    s.sub("blog.api", "prefix: /v1", "prefix: /v2")
    s.step("the prefix is v2", moved={f"{kind} {m} /v1{p}": f"{kind} {m} /v2{p}" for kind in ("logic", "handler")
        for m in ("GET", "POST", "DELETE") for p in ("/posts", "/posts/:id", "/trending", "/latest", "/posts/:id/comments", "/ping")})


NAMES = '''syntax = "v1"

type (
	In {
		A string `form:"a,optional"`
	}
	Out {
		B string `json:"b"`
	}
)

service n-api {
%s}
'''


def names(s: Story, *routes: tuple[str, str], first: bool = False, gen: str = "") -> None:
    """Routes by handler and path, each `(In) returns (Out)`."""
    lines = "".join(f"\t@handler {name}\n\tget {path} (In) returns (Out)\n\n" for name, path in routes)
    s.write("n.api", NAMES % lines)
    if first:
        assert not s.run("api", "py", "-api", "n.api", "-dir", ".", "-q").code
        s.implement()


def story_names(s: Story) -> None:
    names(s, ("A", "/a"), ("B", "/b"), ("C", "/c"), ("D", "/d"), first=True)
    names(s, ("B", "/a"), ("A", "/b"), ("C", "/c"), ("D", "/d"))
    s.step("two swap", gen_first=True)
    names(s, ("A", "/a"), ("B", "/b"), ("C", "/c"), ("D", "/d"))
    s.step("and back")
    names(s, ("B", "/a"), ("C", "/b"), ("A", "/c"), ("D", "/d"))
    s.step("three in a ring", gen_first=True)
    names(s, ("C", "/a"), ("E", "/b"), ("B", "/c"), ("D", "/d"))
    s.step("B and C swap, A takes a new name", )
    names(s, ("X", "/x"), ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.step("a new one in front, all others move on", gen_first=True)
    s.implement()
    names(s, ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.run("gen", "-dir", ".", "-q")
    names(s, ("X", "/x"), ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.step("dropped and taken back")
    names(s, ("X", "/x"), ("C", "/a"), ("B", "/b"), ("D", "/c"), ("E", "/d"))
    s.run("gen", "-dir", ".", "-q")
    names(s, ("X", "/x"), ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.step("swapped, generated, reverted")
    names(s, ("X", "/x"), ("C", "/b"), ("B", "/a"), ("D", "/c"), ("E", "/d"))
    s.step("another order")
    names(s, ("X", "/x"), ("C", "/a"), ("B", "/b"), ("D", "/c"), ("E", "/d"))
    s.step("the paths are swapped, names keep their place", moved={f"logic GET {p}": f"logic GET {q}" for p, q in (("/a", "/b"), ("/b", "/a"))})
    names(s, ("X", "/x"), ("C", "/a"), ("N", "/b"), ("D", "/c"), ("E", "/d"), ("B", "/n"))
    s.step("B's route is N's, and a new route is B's")


def everywhere(s: Story, folder: str, pattern: str, new: str, suffix: str = "api") -> None:
    """Replace in all contracts below a folder."""
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
    s.write(mid, MIDDLEWARE.format(cls="Auth", number=900).replace("blog_api", "core_api"))
    s.marks[900] = ("out", "middleware AuthMiddleware")
    out = ("-dir", "out")
    s.step("nothing", out)
    everywhere(s, "desc", r"\bBaseResponse\b", "PlainResponse")
    s.step("BaseResponse is PlainResponse everywhere", out)
    everywhere(s, "desc", r"\bBaseDataInfo\b", "DataInfo")
    s.step("the embedded BaseDataInfo is DataInfo", out)
    s.edit("desc/base.api", '	Data    string `json:"data"`\n', '	Data    string `json:"data"`\n	Trace   string `json:"trace,optional"`\n')
    s.step("the embedded type has a field more", out)
    s.edit("desc/base.api", '	Trace   string `json:"trace,optional"`\n', "")
    s.step("and less", out)
    s.edit("desc/base.api", '	Message string `json:"message"`\n	Data ', '	Msg     string `json:"message"`\n	Data ')
    s.step("a field of the embedded type has another name", out)
    s.edit("desc/base.api", '	Msg     string `json:"message"`\n	Data ', '	Message string `json:"message"`\n	Data ')
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
    s.edit("desc/all.api", 'import "core/roles/role.api"\n', 'import "core/roles/role.api"\nimport "core/position.api"\n')
    s.step("one is back", out)


SHOP = '''syntax = "proto3";
package shop;
option go_package = "./shop";

import "common.proto";
import "google/protobuf/timestamp.proto";

message Item {
  int64 id = 1;
  string name = 2;
  common.Money price = 3;
  google.protobuf.Timestamp made = 4;
}
message GetReq { int64 id = 1; }
message ListReq { int64 cursor = 1; int32 size = 2; }
message ListResp { repeated Item items = 1; }
message WatchReq { int64 id = 1; }
message Ack {}

service Catalog {
  rpc Get(GetReq) returns (Item);
  rpc List(ListReq) returns (ListResp);
  rpc Watch(WatchReq) returns (stream Item);
}
'''
STOCK = '''
service Stock {
  rpc Get(GetReq) returns (Item);
  rpc Put(stream Item) returns (Ack);
}
'''
COMMON = '''syntax = "proto3";
package common;
option go_package = "./common";

message Money { int64 units = 1; string currency = 2; }
'''
OURS = '''"""Ours: what all logic shares."""

from shop_rpc.client import GetReq, Item as Thing
from shop_rpc.pb import shop_pb2
import shop_rpc.pb.shop_pb2 as pb


def ours(found: shop_pb2.Item) -> Thing:
    return Thing(id=found.id, name=found.name)


def asked(number: int) -> "pb.GetReq":
    return GetReq(id=number)
'''


def story_rpc(s: Story) -> None:
    """One service, then two; RPCs come, go and change."""
    s.write("shop.proto", SHOP)
    s.write("common.proto", COMMON)
    assert not s.run("rpc", "protoc", "shop.proto", "-dir", ".", "-m", "-q").code
    s.implement()
    s.write("shop_rpc/ours.py", OURS)
    s.step("nothing")
    with (s.root / "shop.proto").open("a") as file:
        file.write(STOCK)
    s.step("a second service: the logic has folders now")
    s.implement()
    s.edit("shop.proto", "rpc List(ListReq) returns (ListResp);", "rpc Search(ListReq) returns (ListResp);")
    s.step("List is Search", moved={"logic /shop.Catalog/List": "logic /shop.Catalog/Search"})
    s.sub("shop.proto", r"\bItem\b", "Good")
    s.step("Item is Good")
    s.sub("shop_rpc/logic/catalog/get_logic.py", r"\bt\.Item\b", "t.Good")
    s.sub("shop_rpc/ours.py", r"\bItem\b", "Good")
    s.step("what was left to a human is done")
    s.edit("shop.proto", "rpc Search(ListReq) returns (ListResp);", "rpc Search(ListReq) returns (stream ListResp);")
    s.step("the answer of Search is a stream")
    s.edit("shop.proto", "rpc Search(ListReq) returns (stream ListResp);", "rpc Search(stream ListReq) returns (ListResp);")
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
    s.step("Stock is Store", moved={f"logic /shop.Stock/{n}": f"logic /shop.Store/{n}" for n in ("Get", "Put", "Watch")})
    s.edit("shop.proto", "int64 cursor = 1; ", "")
    s.step("a field that logic reads is gone")
    s.edit("shop.proto", "message ListReq { ", "message ListReq { int64 cursor = 1; ")
    s.edit("shop.proto", "rpc Put(stream Good) returns (Ack);", "")
    s.step("Put is gone, the field is back")
    s.sub("shop.proto", r"service Catalog .*?\}\n", "")
    s.step("Catalog is gone: no folders any more")


ORDER = '''syntax = "proto3";
package order;
option go_package = "./order";

message Line { int64 id = 1; int32 count = 2; }
message OrdersRequest { int64 uid = 1; }
message OrdersResponse { repeated Line lines = 1; }

service Order {
  rpc Orders(OrdersRequest) returns (OrdersResponse);
  rpc Follow(OrdersRequest) returns (stream Line);
}
'''
USER = '''syntax = "proto3";
package user;
option go_package = "./user";

message User { int64 id = 1; string name = 2; }
message GetRequest { int64 id = 1; }

service Users {
  rpc Get(GetRequest) returns (User);
}
'''
NEWS = '''syntax = "proto3";
package news;
option go_package = "./news";

message Entry { string title = 1; }
message NewsRequest { int32 count = 1; }
message NewsResponse { repeated Entry entries = 1; }

service News {
  rpc Latest(NewsRequest) returns (NewsResponse);
}
'''
BFF = '''syntax = "v1"

type (
	HomeRequest {
		UID int64 `form:"uid"`
	}
	HomeResponse {
		Name string `json:"name"`
		Lines []string `json:"lines"`
	}
)

@server (
	prefix: /v1
)
service front-api {
	@handler Home
	get /home (HomeRequest) returns (HomeResponse)

	@handler Orders
	get /orders (HomeRequest) returns (HomeResponse)
}
'''
TOML = '''# ours: the workspace
[service.front-api]
contract = "api/front.api"
dir = "front"
uses = ["order", "user", "news"]  # all

[service.order]
contract = "protos/order.proto"
dir = "services/order"

[service.user]
contract = "protos/user.proto"
dir = "services/user"

[service.news]
contract = "protos/news.proto"
dir = "services/news"
'''
HOME = '''"""GET /v1/home"""

from mallgen_runtime import Context

from front_api.rpc.news import Entry, NewsRequest
from front_api.rpc.order import OrdersRequest
from front_api.rpc.user import GetRequest, User as Person
from front_api.schemas import HomeRequest, HomeResponse
from front_api.svc import ServiceContext


def line(entry: Entry) -> str:
    return entry.title


class HomeLogic:
    """Ours."""

    def __init__(self, ctx: Context, svc: ServiceContext) -> None:
        self.ctx = ctx
        self.svc = svc

    async def home(self, req: HomeRequest) -> HomeResponse:
        # written by hand: 500
        person: Person = await self.svc.user_rpc.get(GetRequest(id=req.uid))
        orders = await self.svc.order_rpc.orders(OrdersRequest(uid=req.uid))
        news = await self.svc.news_rpc.latest(NewsRequest(count=3))
        return HomeResponse(name=person.name, lines=[str(o.id) for o in orders.lines] + [line(e) for e in news.entries])
'''
FOLLOW = '''"""Ours: a BFF's own module."""

from collections.abc import AsyncIterator

from front_api.rpc import order as o
from front_api.rpc.order import OrderClient


async def follow(client: OrderClient, uid: int) -> AsyncIterator[o.Line]:
    async for line in client.follow(o.OrdersRequest(uid=uid)):
        yield line
'''


def story_bff(s: Story) -> None:
    """A workspace: a BFF and three services that it calls."""
    for name, text in (("order", ORDER), ("user", USER), ("news", NEWS)):
        s.write(f"protos/{name}.proto", text)
    s.write("api/front.api", BFF)
    s.write("mallgen.toml", TOML)
    assert not s.run("gen", "-q").code
    for folder in s.folders():
        s.implement(folder)
    s.marks = {n: m for n, m in s.marks.items() if m != ("front", "logic GET /v1/home")}
    s.write("front/front_api/logic/home_logic.py", HOME)
    s.marks[500] = ("front", "logic GET /v1/home")
    s.write("front/front_api/follow.py", FOLLOW)
    here: tuple[str, ...] = ()
    s.step("nothing", here)
    s.edit("protos/user.proto", "rpc Get(GetRequest)", "rpc Find(GetRequest)")
    s.step("an RPC of a used service has another name", here, moved={"logic /user.Users/Get": "logic /user.Users/Find"})
    s.edit("front/front_api/logic/home_logic.py", "user_rpc.get(", "user_rpc.find(")
    s.sub("protos/user.proto", r"\bUser\b", "Person")
    s.step("a message of a used service has another name", here)
    s.sub("protos/user.proto", r"service Users", "service People")
    s.step("its service has another name", here, moved={"logic /user.Users/Find": "logic /user.People/Find"})
    s.edit("protos/order.proto", "rpc Follow(OrdersRequest) returns (stream Line);", "rpc Follow(OrdersRequest) returns (OrdersResponse);")
    s.step("a stream is none", here)
    s.edit("protos/order.proto", "rpc Follow(OrdersRequest) returns (OrdersResponse);", "rpc Follow(OrdersRequest) returns (stream Line);")
    s.step("and is one", here)
    s.edit("protos/news.proto", "message Entry { string title = 1; }\n", 'import "entry.proto";\n')
    s.edit("protos/news.proto", "repeated Entry", "repeated entry.Entry")
    s.write("protos/entry.proto", 'syntax = "proto3";\npackage entry;\noption go_package = "./entry";\nmessage Entry { string title = 1; }\n')
    s.step("a message of a used service moves to an imported proto", here)
    s.edit("mallgen.toml", 'uses = ["order", "user", "news"]', 'uses = ["order", "user"]')
    s.step("the BFF no longer uses news", here)
    s.edit("mallgen.toml", 'uses = ["order", "user"]', 'uses = ["user", "news", "order"]')
    s.step("and does again", here)
    s.sub("mallgen.toml", r"service\.news\]", "service.headlines]")
    s.edit("mallgen.toml", '"news", "order"', '"headlines", "order"')
    s.step("news is headlines in the workspace", here)
    s.edit("mallgen.toml", '[service.order]\n', '[service.order]\nuses = ["user"]\n')
    s.step("an RPC service uses another", here)
    (s.root / "contracts").mkdir()
    (s.root / "api/front.api").rename(s.root / "contracts/front.api")
    s.edit("mallgen.toml", '"api/front.api"', '"contracts/front.api"')
    s.step("the contract is elsewhere", here)
    s.sub("contracts/front.api", r"service front-api \{", "@server (\n\tgroup: side\n)\nservice front-api {\n\t@handler Side\n\tget /side returns (HomeResponse)\n}\n\n@server (\n\tprefix: /v1\n)\nservice front-api {", 1)
    s.sub("contracts/front.api", r"@server \(\n\tprefix: /v1\n\)\n@server", "@server")
    s.step("a group more", here)
    for folder in s.folders():
        with (s.root / folder / "mallgen.lock").open("ab") as file:
            file.write(b"")


ADMIN = '''syntax = "v1"

import "parts/users.api"
import "parts/assets/assets.api"

type Health {
	State string `json:"state"`
	Checks map[string]bool `json:"checks"`
}

@server (
	prefix: /admin
)
service admin-api {
	@handler Health
	get /health returns (Health)
}
'''
SHARED = '''syntax = "v1"

type (
	Page {
		Number int32 `form:"number,default=1"`
		Size int32 `form:"size,default=20"`
	}
	Audit {
		CreatedBy string `json:"created_by"`
		CreatedAt int64 `json:"created_at"`
	}
	Token {
		Authorization string `header:"authorization,optional"`
	}
)
'''
USERS = '''syntax = "v1"

import "shared.api"

type (
	Role {
		Name string `json:"name"`
		Rights map[string][]string `json:"rights"`
	}
	User {
		Audit
		ID int64 `json:"id"`
		Roles []Role `json:"roles"`
		Labels map[string]string `json:"labels,optional"`
	}
	UserListRequest {
		Page
		Name string `form:"name,optional"`
	}
	UserListResponse {
		Users []User `json:"users"`
		Total int64 `json:"total"`
	}
	UserPathRequest {
		ID int64 `path:"id"`
		Token
	}
	UserRightsResponse {
		Rights map[string][]Role `json:"rights"`
	}
	GrantRequest {
		ID int64 `path:"id"`
		Role string `path:"role"`
		Reason string `form:"reason,optional"`
	}
)

@server (
	prefix: /admin/users
	group: users
	jwt: Auth
	middleware: Trace,Guard
)
service admin-api {
	@handler ListUsers
	get / (UserListRequest) returns (UserListResponse)

	@handler GetUser
	get /:id (UserPathRequest) returns (User)

	@handler DropUser
	delete /:id (UserPathRequest)

	@handler Rights
	get /:id/rights (UserPathRequest) returns (UserRightsResponse)

	@handler Grant
	post /:id/roles/:role (GrantRequest) returns ([]Role)

	@handler Names
	get /names returns ([]string)

	@handler Counts
	get /counts returns ([]int64)
}
'''
ASSETS = '''syntax = "v1"

import "../shared.api"

type (
	Asset {
		Audit
		Key string `json:"key"`
		Tree AssetTree `json:"tree,optional"`
	}
	AssetTree {
		Children []*AssetTree `json:"children"`
		Name string `json:"name"`
	}
	AssetRequest {
		Key string `path:"key"`
	}
)

@server (
	prefix: /admin/assets
	group: assets
	middleware: Trace
	timeout: 3s
)
service admin-api {
	@handler GetAsset
	get /:key (AssetRequest) returns (Asset)

	@handler PutAsset
	put /:key (Asset) returns (AssetTree)
}
'''


def story_admin(s: Story) -> None:
    """Embedded types, maps, path and form parameters, three service blocks over imported files."""
    s.write("admin.api", ADMIN)
    s.write("parts/shared.api", SHARED)
    s.write("parts/users.api", USERS)
    s.write("parts/assets/assets.api", ASSETS)
    ran = s.run("api", "py", "-api", "admin.api", "-dir", ".", "-q")
    assert not ran.code, ran.err
    s.implement()
    for number, name in ((901, "trace"), (902, "guard")):
        text = MIDDLEWARE.format(cls=name.title(), number=number).replace("blog_api", "admin_api")
        s.write(f"admin_api/middleware/{name}_middleware.py", text)
        s.marks[number] = (".", f"middleware {name.title()}")
    s.step("nothing")
    s.edit("parts/shared.api", '\t\tSize int32 `form:"size,default=20"`\n', '\t\tSize int32 `form:"size,default=20"`\n\t\tSort string `form:"sort,default=id"`\n')
    s.step("an embedded request type has a field more")
    s.edit("parts/shared.api", '\t\tNumber int32 `form:"number,default=1"`\n', "")
    s.step("a field of an embedded request type is gone")
    s.edit("parts/shared.api", '\tPage {\n', '\tPage {\n\t\tNumber int32 `form:"number,default=1"`\n')
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
    s.edit("parts/users.api", "@handler Names\n\tget /names", "@handler Names\n\tget /names (UserListRequest) returns (UserListResponse)")
    s.step("nothing takes and answers something")
    s.edit("parts/users.api", "get /:id/rights (UserPathRequest)", "get /:id/rights (GrantRequest)")
    s.step("another request type")
    s.edit("parts/users.api", "@handler Rights\n\tget /:id/rights", "@handler ListRights\n\tget /:id/permissions")
    s.step("handler and path at once", moved={f"{k} GET /admin/users/:id/rights": f"{k} GET /admin/users/:id/permissions" for k in ("logic", "handler")})
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
    s.step("type, handler and path at once", moved={f"{k} GET /admin/health": f"{k} GET /admin/ready" for k in ("logic", "handler")})
    s.sub("parts/assets/assets.api", r"AssetTree", "Asset2")
    s.sub("parts/assets/assets.api", r"\bAsset\b", "AssetTree")
    s.sub("parts/assets/assets.api", r"Asset2", "Asset")
    s.step("two types swap their names")


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


def matrix(s: Story, request: str = "Ask", returns: str = "Answer", handler: str = "H", group: str = "", types: str = "") -> None:
    """Twelve routes, two for each hand, all alike."""
    types = types or "Ask,Answer"
    ask, answer = types.split(",")
    lines = ['syntax = "v1"', "", "type (", f"\t{ask} {{", '\t\tA string `form:"a,optional"`', '\t\tB int64 `form:"b,optional"`', "\t}"]
    lines += [f"\t{answer} {{", '\t\tC string `json:"c"`', "\t}", ")", ""]
    lines += ["@server (", f"\tgroup: {group}", ")"] if group else []
    lines += ["service m-api {"]
    for number in range(12):
        asked = f" ({request})" if request else ""
        answered = f" returns ({returns})" if returns else ""
        lines += [f"\t@handler {handler}{number}", f"\tget /r{number}{asked}{answered}", ""]
    s.write("m.api", "\n".join([*lines, "}", ""]))


def story_matrix(s: Story) -> None:
    """Every hand meets every change of a signature."""
    matrix(s)
    assert not s.run("api", "py", "-api", "m.api", "-dir", ".", "-q").code
    s.implement()
    for path in sorted((s.root / "m_api/handler").glob("h?_handler.py")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("    return await", "    print(ctx)  # ours\n    return await"), encoding="utf-8")
    yaml = s.root / "etc/m-api.yaml"
    yaml.write_bytes((yaml.read_bytes().rstrip() + b"\n# ours").replace(b"\n", b"\r\n"))
    s.step("nothing")
    for title, change in (
        ("a list", {"returns": "[]Answer"}),
        ("a text", {"returns": "string"}),
        ("no answer", {"returns": ""}),
        ("the answer is back", {}),
        ("no request", {"request": ""}),
        ("no request and a list", {"request": "", "returns": "[]*Answer"}),
        ("all is back", {}),
        ("renamed types", {"types": "Demand,Reply", "request": "Demand", "returns": "Reply"}),
        ("renamed back", {}),
        ("renamed request, a list", {"types": "Demand,Answer", "request": "Demand", "returns": "[]Answer"}),
        ("and back", {}),
        ("a very long name", {"types": "Ask,TheAnswerThatIsLongerThanAnyOtherAnswerEver", "returns": "TheAnswerThatIsLongerThanAnyOtherAnswerEver"}),
        ("and back again", {}),
        ("other handlers", {"handler": "Other"}),
        ("a group", {"handler": "Other", "group": "g/deep"}),
        ("a group less deep and a list", {"handler": "Other", "group": "g", "returns": "[]Answer"}),
        ("as in the beginning", {}),
    ):
        matrix(s, **change)
        s.step(title)
        for name, errors in s.errors.items():
            if name.endswith("_logic.py") and any("name-defined" in e or "attr-defined" in e for e in errors):
                s.problem(f"{name}: {errors}")


def git(s: Story, *words: str) -> int:
    """git in the workspace."""
    names = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false")
    ran = subprocess.run(["git", *names, *words], cwd=s.root, capture_output=True, text=True, check=False)
    s.log.append(f"git {' '.join(words)}: {ran.returncode} {ran.stdout[-300:]}{ran.stderr[-300:]}")
    return ran.returncode


def story_merge(s: Story) -> None:
    """Two branches change contract and code, and meet."""
    blog(s)
    s.write(".gitattributes", "mallgen.lock merge=union\n")
    assert not git(s, "init", "-q", "-b", "main")
    git(s, "add", "-A")
    assert not git(s, "commit", "-qm", "base")
    git(s, "checkout", "-qb", "left")
    s.edit("blog.api", "@handler ListPosts", "@handler AllPosts")
    s.sub("blog.api", r"\bAuthor\b(?= \{|[ `]*`json)", "Writer")
    s.step("left: a handler and a type")
    git(s, "add", "-A")
    git(s, "commit", "-qm", "left")
    git(s, "checkout", "-q", "main")
    git(s, "checkout", "-qb", "right")
    s.marks = {n: (f, i) for n, (f, i) in s.marks.items()}
    s.edit("blog.api", "@handler Ping\n\tget /ping returns (string)", "@handler Pong\n\tget /pong returns (string)\n\n\t@handler More\n\tget /more returns (string)")
    s.edit("blog.api", "group: comment", "group: talk")
    s.step("right: handler and path, a group, a route more", moved={f"{k} GET /v1/ping": f"{k} GET /v1/pong" for k in ("logic", "handler")}, human=True)
    git(s, "add", "-A")
    git(s, "commit", "-qm", "right")
    git(s, "merge", "-q", "left", "-m", "both")
    s.step("merged")
    git(s, "add", "-A")
    git(s, "commit", "-qm", "merged")
    git(s, "checkout", "-qb", "one")
    s.sub("blog.api", r"\bWriter\b(?= \{|[ `]*`json)", "Person")
    s.step("one: Writer is Person")
    git(s, "commit", "-qam", "one")
    git(s, "checkout", "-q", "main")
    git(s, "merge", "-q", "right", "-m", "x")
    git(s, "checkout", "-qb", "two")
    s.sub("blog.api", r"\bWriter\b(?= \{|[ `]*`json)", "Human")
    s.run("gen", "-dir", ".", "-q")
    git(s, "commit", "-qam", "two")
    git(s, "merge", "-q", "one", "-m", "both names")
    text = (s.root / "blog.api").read_text(encoding="utf-8")
    text = re.sub(r"<<<<<<<[^\n]*\n(.*?)=======\n(.*?)>>>>>>>[^\n]*\n", r"\2", text, flags=re.S)
    (s.root / "blog.api").write_text(text, encoding="utf-8")
    for path in (s.root / "blog_api").rglob("*.py"):
        path.write_bytes(re.sub(rb"<<<<<<<[^\n]*\n(.*?)=======\n(.*?)>>>>>>>[^\n]*\n", rb"\2", path.read_bytes(), flags=re.S))
    s.step("the same type renamed on both sides, theirs taken")
