# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on reservationitem."""

from product_rpc.model.reservationitem_model_gen import ReservationitemModelGen


class ReservationitemModel(ReservationitemModelGen):
    """The table reservationitem: 库存预留明细表"""
