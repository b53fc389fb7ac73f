# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on commentimage."""

from collections.abc import Sequence

from reply_rpc.model.commentimage_model_gen import CommentimageModelGen, CommentimageRow


class CommentimageModel(CommentimageModelGen):
    """The table commentimage: 评论图片表"""

    async def of_comments(self, ids: Sequence[int]) -> dict[int, list[CommentimageRow]]:
        """Return the images of comments by the comment's id, in one query."""
        found: dict[int, list[CommentimageRow]] = {}
        query = 'SELECT * FROM "commentimage" WHERE "comment_id" IN (?) ORDER BY "id"'
        for image in await self.fetch(CommentimageRow, query, tuple(ids)):
            found.setdefault(image.comment_id, []).append(image)
        return found
