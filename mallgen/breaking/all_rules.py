"""All modules that have rules: importing this one registers them."""

from mallgen.breaking import api_responses, api_routes, api_server, proto_fields, table_columns

MODULES = (api_responses, api_routes, api_server, proto_fields, table_columns)
