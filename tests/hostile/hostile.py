"""All hostile posts through the whole road; writes docs/hostile.md: ./run hostile"""

import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(HERE)]
KEPT, PAGE = HERE / "hostile.json", ROOT / "docs" / "hostile.md"


def main() -> int:
    import passing
    import pytest
    from hostile_page import page, table
    from small_campaign import CAMPAIGN, campaign_file

    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        folder = Path(scratch)
        for name in [name for name in os.environ if name.startswith("PREFECT_")]:
            patch.delenv(name)
        patch.setenv("RESURGE_STATE_DIR", str(folder / "state"))
        patch.setenv("RESURGE_CACHE_DIR", str(folder / "cache"))
        from flows import engine

        with engine.running(folder / "state", "flows.briefing", "flows.collect"):
            from flows.collect import collect

            workspace = folder / "w"
            (workspace / "campaigns").mkdir(parents=True)
            (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file())
            collect(CAMPAIGN, str(workspace), until=datetime(2023, 11, 1, tzinfo=UTC))
            collect(CAMPAIGN, str(workspace))
            found = passing.passed(workspace, folder, patch)
    wrong = found.wrong()
    sys.stdout.write(
        "\n".join([*wrong, f"{len(found.fates)} labels, {len(wrong)} faults, {found.seconds}, {found.peak_mb:.0f} MB", ""])
    )
    if not wrong:
        KEPT.write_text(json.dumps(table(found), indent=1, sort_keys=True) + "\n")
        PAGE.write_text(page(json.loads(KEPT.read_text())))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
