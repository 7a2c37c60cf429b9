"""What platforms are called in print; data and file names use the lower-case keys."""

from collections.abc import Iterable

PLATFORM_NAMES = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "mastodon": "Mastodon",
    "reddit": "Reddit",
    "telegram": "Telegram",
    "threads": "Threads",
    "tiktok": "TikTok",
    "twitter": "Twitter",
    "vk": "VK",
    "x": "X",
    "youtube": "YouTube",
}


def platform_name(platform: str) -> str:
    """`youtube` -> `YouTube`; a platform that is not listed keeps the name it has in the data."""
    return PLATFORM_NAMES.get(platform, platform)


def platform_names(platforms: Iterable[str]) -> str:
    """`Facebook`, `Facebook and X`, `Facebook, Instagram and X`, in the order given; nothing gives an empty string."""
    names = [platform_name(platform) for platform in platforms]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
