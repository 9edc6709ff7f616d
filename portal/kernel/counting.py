"""How often something came within a while, counted where all processes of the portal see it: the cache.

Django's own `incr` takes two journeys to a shared cache, `add` before it a third, and none of them says for how long
the while still lasts. Everything that is asked pays for this count, so here it is one journey.
"""

import math
import time
from typing import Any

from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

# What counting raises while the cache is away.
NobodyCounts = (OSError, RedisError)


def tally(key: str, seconds: int) -> tuple[int, int]:
    """Count this one; answers how many there are by now, and after how many seconds counting begins anew.

    A while begins with the first one that comes, so nobody can tell when by looking at a clock.
    """
    counted: tuple[int, int] = cache.tally(key, seconds)  # type: ignore[attr-defined]  # every cache of ours has it
    return counted


class OwnCache(LocMemCache):
    """The cache of one process alone: one machine, and the tests."""

    _expire_info: dict[str, float | None]  # when each key runs out, as `LocMemCache` keeps it

    def tally(self, key: str, seconds: int) -> tuple[int, int]:
        self.add(key, 0, seconds)
        try:
            count = self.incr(key)
        except ValueError:  # it ran out between the two
            self.set(key, 1, seconds)
            count = 1
        ends: float | None = self._expire_info.get(self.make_and_validate_key(key))
        return count, max(1, math.ceil(ends - time.time())) if ends is not None else seconds


class SharedCache(RedisCache):
    """The cache of all processes: Redis or Valkey."""

    _cache: Any  # its client, made when it is first asked for

    def tally(self, key: str, seconds: int) -> tuple[int, int]:
        made = self.make_and_validate_key(key)
        asked = self._cache.get_client(made, write=True).pipeline()
        asked.set(made, 0, ex=seconds, nx=True)
        asked.incr(made)
        asked.pttl(made)
        _begun, count, left = asked.execute()
        return count, max(1, math.ceil(left / 1000))
