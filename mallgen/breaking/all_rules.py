"""All modules that have rules: importing this one registers them."""

from mallgen.breaking import api_responses, table_columns

MODULES = (api_responses, table_columns)
