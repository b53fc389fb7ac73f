# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m order_admin [-f etc/order_admin.yaml]"""

from mallgen_runtime.admin.commands import start

if __name__ == "__main__":
    start(__package__, "etc/order_admin.yaml", "rest", "rpc", "admin")
