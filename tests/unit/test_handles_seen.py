"""By which handle a change is told: that of the check before."""

import pandas as pd
import pytest

from flows import watchlist
from tasks.domain.campaign import Campaign


def test_a_handle_is_that_of_the_last_check_and_else_the_first_that_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        ("checked", 1, "old.example", "active"),
        ("checked", 2, "new.example", None),  # a post under the new handle, between two checks
        ("checked", 0, "oldest.example", "active"),
        ("seen", 1, "first.example", None),
        ("seen", 2, "second.example", "unknown"),
        ("gone", 1, None, "suspended"),
    ]
    frame = pd.DataFrame(rows, columns=["account_id", "day", "handle", "status"]).assign(platform="bluesky")
    frame["observed_at"] = pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(frame["day"], unit="D")
    monkeypatch.setattr(watchlist, "read_account_observations", lambda *_: frame)
    plan = Campaign(slug="reeds", title="Reeds")
    found = watchlist.handles_at(None, plan, pd.Timestamp("2026-03-09", tz="UTC").to_pydatetime())  # type: ignore[arg-type]
    assert found == {("bluesky", "checked"): "old.example", ("bluesky", "seen"): "first.example"}
