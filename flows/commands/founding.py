"""The campaign file that `resurge init` writes: commented, with the sources that were asked for."""

import json
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from tasks.domain.errors import UsageProblem
from tasks.fetch.adapters import Adapter, adapters

_SIMULATOR = "  - name: simulator\n    kind: simulated\n    options: {scenario: spamouflage, seed: 1, scale: 100000}\n"
_DROP = """  # Files that a partner lays down in a bucket; each version of each file is taken once.
  - name: partner-drop
    kind: s3-drop
    schedule: "25 * * * *"
    options:
      bucket: partner-drops
      prefix: ""
      manifest: manifest.json            # a folder is one drop; or `format: csv` and `options: {map: ...}` for single files
      # endpoint_url: https://s3.example # for services other than Amazon's
      # access_key: partner-id           # credentials of the partner's, in RESURGE_SECRET_PARTNER_ID; else this machine's own
      # secret_key: partner-secret
"""
_OTHERS = {"s3-drop": ("files laid down in a bucket", _DROP), "simulated": ("a simulated campaign, to try", _SIMULATOR)}
_POLICY = """
check_policy:
  at_risk_days: 7                  # accounts found gone, silent, or of a platform that acted are looked at again after so many days
  others_days: 28
  posts_days: 14                   # posts up to so many days old are asked for again: which were deleted?
  posts_most: 1000                 # ... the newest, a collection and platform; 0 asks for none. A service that charges charges for them
"""
_HOURS = ("17", "37", "52", "7")  # minutes past the hour: sources do not all begin at once


def source_kinds() -> dict[str, str]:
    """kind -> title of every source that a campaign file may name."""
    return {kind: adapter.declaration.title for kind, adapter in adapters().items()} | {
        kind: title for kind, (title, _) in _OTHERS.items()
    }


def campaign_text(slug: str, title: str, kinds: Sequence[str], words: Sequence[str]) -> str:
    """The campaign file as YAML. Raises UsageProblem for a slug that is none, and for a kind of source that is not known."""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", slug):
        raise UsageProblem(f"{slug!r} cannot name a campaign.", remedy="Use lower-case letters, digits and hyphens, at most 64.")
    if unknown := [kind for kind in kinds if kind not in source_kinds()]:
        raise UsageProblem(f"{unknown[0]!r} is not a kind of source.", remedy=f"Known kinds: {', '.join(source_kinds())}.")
    text = (Path(__file__).parent / "example.yml").read_text()
    text = text.replace("slug: my-campaign".ljust(33), f"slug: {slug} ".ljust(33)).replace(
        "title: My campaign", f"title: {json.dumps(title)}"
    )
    chosen = [adapters()[kind] for kind in dict.fromkeys(kinds) if kind in adapters()]
    blocks = [_source(adapter, words, _HOURS[n % len(_HOURS)]) for n, adapter in enumerate(chosen)]
    blocks += [block for kind, (_, block) in _OTHERS.items() if kind in kinds]
    looks = [_status(adapter) for adapter in chosen if adapter.status]
    if blocks:
        text = text.replace(
            "sources: []\n", "sources:\n" + "".join(blocks) + ("\nstatus_sources:\n" + "".join(looks) + _POLICY if looks else "")
        )
    return text.replace("# A campaign file. Rename it to <slug>.yml, change", "# A campaign file. Change").replace("<slug>", slug)


def slug_of(title: str) -> str:
    """A slug made of a title; empty where it holds no Latin letter or digit."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def _source(adapter: Adapter, words: Sequence[str], minute: str) -> str:
    said = adapter.declaration
    notes = [f"{said.title}: {said.limits}. Cost: {said.cost}. Terms: {said.terms}"]
    notes += [f"Needs {credential.what}." for credential in said.credentials if credential.required]
    comment = "".join(f"  # {line}\n" for note in notes for line in textwrap.wrap(note, 110))
    head = f'  - name: {said.kind}-posts\n    kind: {said.kind}\n    schedule: "{minute} * * * *"   # every hour, with `resurge serve`\n'
    return comment + head + "    options:\n" + textwrap.indent(adapter.example(words), "      ")


def _status(adapter: Adapter) -> str:
    fields = adapter.status_options.model_fields if adapter.status_options else {}
    own = [line for line in adapter.example(()).splitlines() if line.split(":", 1)[0].lstrip("# ") in fields]
    options = "    options:\n" + "".join(f"      {line}\n" for line in own) if any(not line.startswith("#") for line in own) else ""
    commented = (
        "" if options else "".join(f"    # {line}\n" for line in ["options:", *(f"  {line.lstrip('# ')}" for line in own)] if own)
    )
    return f'  - name: {adapter.kind}-accounts\n    kind: {adapter.kind}-status\n    schedule: "40 5 * * *"\n' + options + commented
