"""mallgen_runtime without a service around it."""
