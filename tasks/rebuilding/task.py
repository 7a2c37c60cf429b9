"""Rebuilding stage as a task of the engine."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.rebuilding.measure import measure

measure_rebuilding = task(name="measure rebuilding", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=3600)(measure)
