"""What HTTP and RPC services have in common: settings, logs, metrics, signals, errors, the request's origin."""
