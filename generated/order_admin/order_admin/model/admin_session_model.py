# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on admin_session."""

from order_admin.model.admin_session_model_gen import AdminSessionModelGen


class AdminSessionModel(AdminSessionModelGen):
    """The table admin_session: who has logged in"""
