"""The services of generated/ on any database, as tests/run has them."""

from tests.run.test_shop_tables import opened, services_on_the_path

__all__ = ["opened", "services_on_the_path"]
