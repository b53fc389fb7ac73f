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
    table_constraints,
    table_keys,
    table_types,
    table_values,
    table_whole,
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
    table_constraints,
    table_keys,
    table_types,
    table_values,
    table_whole,
)
