# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on payinfo."""

from pay_rpc.model.payinfo_model_gen import PayinfoModelGen

SIMULATED = 3  # the platform
STARTED, PAID, REFUND_DUE = "started", "paid", "refund_due"


class PayinfoModel(PayinfoModelGen):
    """The table payinfo: 支付信息表"""
