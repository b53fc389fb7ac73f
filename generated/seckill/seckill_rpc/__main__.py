# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m seckill_rpc [-f etc/seckill.yaml]"""

from mallgen_runtime.starting import start

if __name__ == "__main__":
    start(__package__, "rpc")
