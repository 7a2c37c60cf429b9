"""The bundled campaign at the smallest scale, and what a workspace of it holds."""

from pathlib import Path
from typing import Any

CAMPAIGN = "spamouflage"


def campaign_file(**lines: str) -> str:
    """The bundled campaign with 10,000 posts and one rendition, and with `lines` (key: YAML) added or replaced."""
    lines = {"tlp": "CLEAR", "renditions": "[]"} | lines
    bundled = (Path(__file__).parents[1] / "flows/campaigns/spamouflage.yml").read_text().replace("scale: 100000", "scale: 10000")
    kept = [line for line in bundled.splitlines() if line.split(":")[0] not in lines]
    return "\n".join([*kept, *(f"{key}: {value}" for key, value in lines.items())]) + "\n"


def facts_of(done: dict[str, Any]) -> bytes:
    return (Path(done["bundle"]) / "facts.json").read_bytes()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a workspace but its ledger, where each run leaves a line."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {name: path.read_bytes() for path in files if not (name := path.relative_to(folder).as_posix()).startswith("ledger/")}
