"""Traffic Light Protocol 2.0 (FIRST 2022) as STIX and MISP write it."""

from typing import Any

_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_PUBLISHED = "2022-10-01T00:00:00.000Z"
# Marking definitions as published by OASIS (cti-stix-common-objects): their ids and instants are the same for everybody.
_MARKINGS = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
# Who may see an event in MISP: 0 = this organisation only, 1 = this community, 3 = everybody. AMBER may go to clients, which MISP cannot
# know, so it stays with the organisation until somebody decides.
_DISTRIBUTION = {"CLEAR": "3", "GREEN": "1", "AMBER": "0", "AMBER+STRICT": "0", "RED": "0"}


def marking(tlp: str) -> dict[str, Any]:
    """The marking-definition object of a label, such as `AMBER`."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _MARKINGS[tlp],
        "created": _PUBLISHED,
        "name": f"TLP:{tlp}",
        "extensions": {_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.lower()}},
    }


def distribution(tlp: str) -> str:
    """MISP's distribution level of a label."""
    return _DISTRIBUTION[tlp]
