# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on admin_account."""

from order_admin.model.admin_account_model_gen import AdminAccountModelGen


class AdminAccountModel(AdminAccountModelGen):
    """The table admin_account: who may log in"""
