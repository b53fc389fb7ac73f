# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on user."""

from user_rpc.model.user_model_gen import UserModelGen


class UserModel(UserModelGen):
    """The table user: 用户表"""
