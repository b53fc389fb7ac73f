"""The common ground of HTTP and RPC services: settings, logs, metrics, signals, errors, the request's origin."""
