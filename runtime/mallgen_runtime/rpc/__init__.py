"""The names that generated RPC services and clients import; none of them is a transport's."""

from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.process.interceptors import ClientInterceptor, NextReply, NextStream, OutgoingCall
from mallgen_runtime.rpc.app import RpcApp
from mallgen_runtime.rpc.channel import Channel, connect
from mallgen_runtime.rpc.conf import RpcClientConf, RpcServerConf
from mallgen_runtime.rpc.hooks import ServerInterceptor
from mallgen_runtime.rpc.methods import ClientStream, RpcContext, ServerStream, Service, TwoWayStream, Unary
from mallgen_runtime.rpc.serve import serve_rpc

__all__ = [
    "Channel",
    "ClientInterceptor",
    "ClientStream",
    "Code",
    "EtcdConf",
    "NextReply",
    "NextStream",
    "OutgoingCall",
    "RpcApp",
    "RpcClientConf",
    "RpcContext",
    "RpcError",
    "RpcServerConf",
    "ServerInterceptor",
    "ServerStream",
    "Service",
    "TwoWayStream",
    "Unary",
    "connect",
    "serve_rpc",
]
