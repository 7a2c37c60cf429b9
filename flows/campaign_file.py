"""Find a campaign file: the workspace's own first, then the bundled ones; every error names the line."""

import re
from pathlib import Path

from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import ObjectStore
from tasks.domain.strict_yaml import load_record, read_mapping

BUNDLED = Path(__file__).parent / "campaigns"


def load_campaign(store: ObjectStore | None, slug: str) -> Campaign:
    """The campaign called `slug`. Raises UsageProblem if there is none, or if its file does not hold together."""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", slug):
        raise UsageProblem(f"{slug!r} is not a campaign name.", remedy="Names are 1 to 64 of a-z, 0-9 and the hyphen.")
    stored = store.read(f"campaigns/{slug}.yml") if store else None
    if stored:
        return parse_campaign(stored.data, f"campaigns/{slug}.yml", slug)
    bundled = BUNDLED / f"{slug}.yml"
    if bundled.is_file():
        return parse_campaign(bundled.read_bytes(), bundled.name, slug)
    raise UsageProblem(
        f"There is no campaign {slug!r}.",
        remedy=f"Known here: {', '.join(campaign_slugs(store))}. Write campaigns/{slug}.yml in the workspace to add it.",
    )


def campaign_slugs(store: ObjectStore | None) -> list[str]:
    """Names of the workspace's own and the bundled campaigns, sorted."""
    own = {Path(info.key).stem for info in store.entries("campaigns") if _is_campaign(info.key)} if store else set()
    return sorted(own | {path.stem for path in BUNDLED.glob("*.yml")})


def scheduled_campaigns(store: ObjectStore) -> list[Campaign]:
    """The workspace's own campaigns that name a schedule, of their own or of a source; the bundled ones are run by hand only. Raises
    UsageProblem if there are none."""
    own = sorted(Path(info.key).stem for info in store.entries("campaigns") if _is_campaign(info.key))
    found = [
        plan for plan in (load_campaign(store, slug) for slug in own) if plan.schedule or any(s.schedule for s in plan.sources)
    ]
    if not found:
        raise UsageProblem(
            f"No campaign file in {store.address} has a schedule.",
            remedy='Add a line such as `schedule: {cron: "0 6 * * TUE", zone: Europe/Paris}` to a file under campaigns/ in it.',
        )
    return found


def _is_campaign(key: str) -> bool:
    """Not the notes of analysts, which stand in folders beside the files."""
    return key.endswith(".yml") and key.count("/") == 1


def parse_campaign(data: bytes, name: str, slug: str) -> Campaign:
    """Parse and validate one campaign file; `name` is used in messages, `slug` is what its `slug:` must say."""
    campaign = load_record(Campaign, read_mapping(data, name), name)
    if campaign.slug != slug:
        raise UsageProblem(f"{name} says slug: {campaign.slug}.", remedy=f"The slug is the file's name: write slug: {slug}.")
    return campaign
