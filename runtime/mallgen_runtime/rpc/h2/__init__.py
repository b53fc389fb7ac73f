"""gRPC over HTTP/2 in pure Python, unary calls without TLS: RFC 9113, RFC 7541 and
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.

`frames`, `huffman`, `hpack`, `limits`, `core`, `answering`, `asking`, `heads` and `wire` take bytes and give bytes;
`server`, `link`, `places` and `pool` bring them to asyncio.
"""
