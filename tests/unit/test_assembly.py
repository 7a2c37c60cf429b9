"""Which changes of a campaign file make another edition."""

from flows.assembly import what_is_measured
from flows.campaign_file import load_campaign
from tasks.domain.campaign import Schedule, Thresholds


def test_who_is_told_and_when_changes_no_edition_and_what_is_measured_does() -> None:
    plan = load_campaign(None, "spamouflage")
    asked_daily = [source.model_copy(update={"schedule": "0 1 * * *"}) for source in plan.sources]
    told = plan.model_copy(update={"audience": "desk", "schedule": Schedule(cron="0 6 * * *"), "sources": asked_daily})
    assert what_is_measured(told) == what_is_measured(plan)
    stricter = plan.model_copy(update={"thresholds": Thresholds(max_q=0.001)})
    assert what_is_measured(stricter) != what_is_measured(plan)
    assert what_is_measured(plan.model_copy(update={"suspected_zone": "UTC"})) != what_is_measured(plan)
