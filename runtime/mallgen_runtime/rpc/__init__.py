"""What generated RPC services and clients import. Nothing here names a transport."""

from mallgen_runtime.rpc.app import RpcApp, serve_rpc
from mallgen_runtime.rpc.calls import Code, RpcError
from mallgen_runtime.rpc.channel import Channel, connect
from mallgen_runtime.rpc.conf import EtcdConf, RpcClientConf, RpcServerConf
from mallgen_runtime.rpc.methods import Method, RpcContext, Service

__all__ = [
    "Channel",
    "Code",
    "EtcdConf",
    "Method",
    "RpcApp",
    "RpcClientConf",
    "RpcContext",
    "RpcError",
    "RpcServerConf",
    "Service",
    "connect",
    "serve_rpc",
]
