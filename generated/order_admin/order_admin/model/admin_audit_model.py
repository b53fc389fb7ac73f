# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on admin_audit."""

from order_admin.model.admin_audit_model_gen import AdminAuditModelGen


class AdminAuditModel(AdminAuditModelGen):
    """The table admin_audit: who changed what"""
