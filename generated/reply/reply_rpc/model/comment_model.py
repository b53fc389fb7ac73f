# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on comment."""

from reply_rpc.model.comment_model_gen import CommentModelGen


class CommentModel(CommentModelGen):
    """The table comment: 商品评论表"""
