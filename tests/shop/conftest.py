"""The services of generated/ on any database, as tests/run has them, and a sale of their processes."""

from tests.run.test_shop_tables import opened, services_on_the_path
from tests.shop.held import held

__all__ = ["held", "opened", "services_on_the_path"]
