"""Fetch stage as tasks of the engine; each body is one plain function."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.fetch.fetching import fetch_groups, parse_landed

fetch = task(name="fetch and land", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=4 * 3600)(fetch_groups)
parse = task(name="parse", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=3600)(parse_landed)
