"""python -m chat_rpc [-f etc/chat.yaml]"""

from chat_rpc.app import run

if __name__ == "__main__":
    run()
