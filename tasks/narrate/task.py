"""Narrative stage as a task of the engine."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.narrate.narratives import narrative_facts

find_narratives = task(name="find narratives", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=3600)(narrative_facts)
