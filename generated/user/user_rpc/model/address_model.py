# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Queries of your own on address."""

from user_rpc.model.address_model_gen import AddressModelGen

MOST_ADDRESSES = 20


class AddressModel(AddressModelGen):
    """The table address: 收货地址表"""
