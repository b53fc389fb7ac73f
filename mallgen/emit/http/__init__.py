"""The emitter of HTTP services: turns a `.api` contract into the files of a Python service."""
