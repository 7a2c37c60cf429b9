"""Validation stage as tasks of the engine; each body is one plain function."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from expectations.gates import batch_gate
from expectations.period_gate import period_gate

validate_batch = task(name="validate batch", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=3600)(batch_gate)
validate_period = task(name="validate period", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=600)(period_gate)
