"""Delivery stage as a task of the engine. It is not retried: the outbox decides what may be sent again."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.deliver.delivery import deliver

send = task(name="deliver", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=3600)(deliver)
