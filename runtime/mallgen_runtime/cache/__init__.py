"""The cache of rows and lists: in Redis or, without it, in the process."""

from mallgen_runtime.cache.allowance import Allowance
from mallgen_runtime.cache.conf import CacheConf, CacheRedisConf
from mallgen_runtime.cache.resource import Cache

__all__ = ["Allowance", "Cache", "CacheConf", "CacheRedisConf"]
