# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m reply_rpc [-f etc/reply.yaml]"""

from mallgen_runtime.starting import start

if __name__ == "__main__":
    start(__package__, "rpc")
