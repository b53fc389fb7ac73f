"""All modules that have rules: importing this one registers them."""

from mallgen.breaking import (
    api_bodies,
    api_lifecycle,
    api_request_values,
    api_requests,
    api_resources,
    api_responses,
    api_routes,
    api_server,
    api_shapes,
    proto_fields,
    table_columns,
)

MODULES = (
    api_bodies,
    api_lifecycle,
    api_request_values,
    api_requests,
    api_resources,
    api_responses,
    api_routes,
    api_server,
    api_shapes,
    proto_fields,
    table_columns,
)
