"""Stories: contracts that change step by step beside hand-written code."""

from collections.abc import Callable

from tests.stories import admin, blog, corpus, matrix, merge, rpc, workspace
from tests.stories.driver import Story

STORIES: dict[str, Callable[[Story], None]] = {
    "admin": admin.story_admin,
    "blog": blog.story_blog,
    "core": corpus.story_core,
    "matrix": matrix.story_matrix,
    "merge": merge.story_merge,
    "names": blog.story_names,
    "powerx": corpus.story_powerx,
    "rpc": rpc.story_rpc,
    "workspace": workspace.story_bff,
}
