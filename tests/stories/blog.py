"""A blog with comments, and handlers that exchange their names."""

from tests.stories.driver import Story, given


def blog(s: Story) -> None:
    """Generate the blog and write every body."""
    s.write("blog.api", given("blog.api"))
    ran = s.run("api", "py", "-api", "blog.api", "-dir", ".", "-q")
    assert not ran.code, ran.err
    s.implement()
    s.write(
        "blog_api/handler/get_post_handler.py",
        given("handler.txt").format(
            group="",
            name="get_post",
            cls="GetPost",
            types="Post, PostRequest",
            req="\n    req: PostRequest,",
            answer="Post",
            arg="req",
        ),
    )
    s.write(
        "blog_api/handler/trending_handler.py",
        given("handler.txt").format(
            group="",
            name="trending",
            cls="Trending",
            types="ListPostsResponse",
            req="",
            answer="ListPostsResponse",
            arg="",
        ),
    )
    for number, name in ((901, "audit"), (902, "limit")):
        s.write(
            f"blog_api/middleware/{name}_middleware.py", given("middleware.txt").format(cls=name.title(), number=number)
        )
        s.marks[number] = (".", f"middleware {name.title()}")
    s.write("blog_api/helpers.py", given("blog_helpers.txt"))
    s.edit(
        "blog_api/config.py",
        "class Config(BaseConfig, kw_only=True):",
        "class Config(BaseConfig, kw_only=True):  # ours",
    )
    with (s.root / "blog_api/config.py").open("a") as file:
        file.write("\n    page: int = 20  # ours\n")
    with (s.root / "etc/blog-api.yaml").open("a") as file:
        file.write("\n# ours\nPage: 30   # 页\n")


def story_blog(s: Story) -> None:
    blog(s)
    s.step("nothing")
    s.edit(
        "blog.api",
        '\t\tSize int64 `json:"size"`\n',
        '\t\tSize int64 `json:"size"`\n\t\tKind string `json:"kind,optional"`\n',
    )
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
    s.step(
        "the prefix is v2",
        moved={
            f"{kind} {m} /v1{p}": f"{kind} {m} /v2{p}"
            for kind in ("logic", "handler")
            for m in ("GET", "POST", "DELETE")
            for p in ("/posts", "/posts/:id", "/trending", "/latest", "/posts/:id/comments", "/ping")
        },
    )


def names(s: Story, *routes: tuple[str, str], first: bool = False, gen: str = "") -> None:
    """Write a contract of routes by handler and path, each `(In) returns (Out)`."""
    lines = "".join(f"\t@handler {name}\n\tget {path} (In) returns (Out)\n\n" for name, path in routes)
    s.write("n.api", given("names.api") % lines)
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
    s.step(
        "B and C swap, A takes a new name",
    )
    names(s, ("X", "/x"), ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.step("a new one in front, all others move on", gen_first=True)
    s.implement()
    names(s, ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.run("gen", "-dir", ".", "-q", "--force")
    names(s, ("X", "/x"), ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.step("dropped and taken back")
    names(s, ("X", "/x"), ("C", "/a"), ("B", "/b"), ("D", "/c"), ("E", "/d"))
    s.run("gen", "-dir", ".", "-q", "--force")
    names(s, ("X", "/x"), ("B", "/a"), ("C", "/b"), ("D", "/c"), ("E", "/d"))
    s.step("swapped, generated, reverted")
    names(s, ("X", "/x"), ("C", "/b"), ("B", "/a"), ("D", "/c"), ("E", "/d"))
    s.step("another order")
    names(s, ("X", "/x"), ("C", "/a"), ("B", "/b"), ("D", "/c"), ("E", "/d"))
    s.step(
        "the paths are swapped, names keep their place",
        moved={f"logic GET {p}": f"logic GET {q}" for p, q in (("/a", "/b"), ("/b", "/a"))},
    )
    names(s, ("X", "/x"), ("C", "/a"), ("N", "/b"), ("D", "/c"), ("E", "/d"), ("B", "/n"))
    s.step("B's route is N's, and a new route is B's")
