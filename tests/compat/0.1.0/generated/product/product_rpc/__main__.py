"""python -m product_rpc [-f etc/product.yaml]"""

from product_rpc.app import run

if __name__ == "__main__":
    run()
