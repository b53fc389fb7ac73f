"""HTTP services: the ASGI application, its server, and what reads requests and writes responses."""
