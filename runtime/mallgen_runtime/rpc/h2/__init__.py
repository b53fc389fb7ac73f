"""gRPC over HTTP/2 in pure Python, unary calls without TLS: RFC 9113, RFC 7541 and
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.

A protocol without I/O, bytes in and bytes out: `frames`, `huffman`, `hpack`, `headers`, `flow_control`, `grpc`,
`limits`, `budgets`, and on them `connection` with its two ends, `client_connection` and `server_connection`.
`client_transport`, `endpoints` and `pool`, `server_transport` and `server` run it on asyncio; `timers` and `scheduler`
share the loop among connections.
"""
