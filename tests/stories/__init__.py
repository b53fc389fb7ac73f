"""Stories: contracts that change step by step beside hand-written code.

Every step checks the law of sync: after every `sync --apply` that exits 0 or 1 the service imports, and each
route that answered before and is still in the contract answers. The files of one route move and change together or not
at all; sync writes nothing where a user file would import a name that the contract no longer has.
"""

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
