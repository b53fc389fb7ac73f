# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""python -m wide_api [-f etc/wide-api.yaml]"""

from wide_api.app import run

if __name__ == "__main__":
    run()
