# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m pay_rpc [-f etc/pay.yaml]"""

from mallgen_runtime.starting import start

if __name__ == "__main__":
    start(__package__, "rpc")
