"""The stories."""

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
