# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m product_queue_rmq [-f etc/product_queue.yaml]"""

from mallgen_runtime.starting import start

if __name__ == "__main__":
    start(__package__, "queue")
