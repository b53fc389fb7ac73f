"""Two branches change contract and code, and are merged."""

import os
import re
import subprocess

from tests.stories.blog import blog
from tests.stories.driver import Story

CONFLICT = re.compile(rb"<<<<<<<[^\n]*\n.*?=======\r?\n(.*?)>>>>>>>[^\n]*\n", re.S)


def git(s: Story, *words: str) -> int:
    """Run git in the workspace and return its exit code. Each commit is a second later than those before it."""
    names = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false")
    date = f"{1_800_000_000 + len(s.log)} +0000"
    env = {**os.environ, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    ran = subprocess.run(["git", *names, *words], cwd=s.root, capture_output=True, text=True, check=False, env=env)
    s.log.append(f"git {' '.join(words)}: {ran.returncode} {ran.stdout[-300:]}{ran.stderr[-300:]}")
    return ran.returncode


def story_merge(s: Story) -> None:
    """Change contract and code on two branches, and merge them."""
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
    s.edit(
        "blog.api",
        "@handler Ping\n\tget /ping returns (string)",
        "@handler Pong\n\tget /pong returns (string)\n\n\t@handler More\n\tget /more returns (string)",
    )
    s.edit("blog.api", "group: comment", "group: talk")
    s.step(
        "right: handler and path, a group, a route more",
        human=True,
    )
    git(s, "add", "-A")
    git(s, "commit", "-qm", "right")
    git(s, "merge", "-q", "left", "-m", "both")
    s.step("merged")
    git(s, "add", "-A")
    git(s, "commit", "-qm", "merged")
    both_rename(s)


def both_rename(s: Story) -> None:
    """Give one type another name on each side, and merge."""
    git(s, "checkout", "-qb", "one")
    s.sub("blog.api", r"\bWriter\b(?= \{|[ `]*`json)", "Person")
    s.step("one: Writer is Person")
    git(s, "commit", "-qam", "one")
    git(s, "checkout", "-q", "main")
    git(s, "merge", "-q", "right", "-m", "x")
    git(s, "checkout", "-qb", "two")
    s.sub("blog.api", r"\bWriter\b(?= \{|[ `]*`json)", "Human")
    s.run("gen", "-dir", ".", "-q", "--force")
    git(s, "commit", "-qam", "two")
    git(s, "merge", "-q", "one", "-m", "both names")
    for path in [s.root / "blog.api", *(s.root / "blog_api").rglob("*.py")]:
        path.write_bytes(CONFLICT.sub(rb"\1", path.read_bytes()))
    s.step("the same type renamed on both sides, theirs taken")
