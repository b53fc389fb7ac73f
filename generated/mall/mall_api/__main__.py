# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m mall_api [-f etc/mall-api.yaml]"""

from mallgen_runtime.starting import start

if __name__ == "__main__":
    start(__package__, "rest", "rpc")
