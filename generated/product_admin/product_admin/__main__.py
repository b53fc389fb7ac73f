# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m product_admin [-f etc/product_admin.yaml]"""

from mallgen_runtime.admin.commands import start

if __name__ == "__main__":
    start(__package__, "etc/product_admin.yaml", "rest", "rpc", "admin")
