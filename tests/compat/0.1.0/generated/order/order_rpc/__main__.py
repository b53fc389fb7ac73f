"""python -m order_rpc [-f etc/order.yaml]"""

from order_rpc.app import run

if __name__ == "__main__":
    run()
