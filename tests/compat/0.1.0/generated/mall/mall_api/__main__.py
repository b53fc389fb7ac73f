"""python -m mall_api [-f etc/mall-api.yaml]"""

from mall_api.app import run

if __name__ == "__main__":
    run()
