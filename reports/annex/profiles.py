"""Where an account's page is."""

import re

_PLAIN = re.compile(r"[\w.\-]{1,100}", re.ASCII)
_BY_HANDLE = {
    "bluesky": "https://bsky.app/profile/{}",
    "facebook": "https://www.facebook.com/{}",
    "instagram": "https://www.instagram.com/{}",
    "medium": "https://medium.com/@{}",
    "reddit": "https://www.reddit.com/user/{}",
    "telegram": "https://t.me/{}",
    "threads": "https://www.threads.net/@{}",
    "tiktok": "https://www.tiktok.com/@{}",
    "twitter": "https://twitter.com/{}",
    "vk": "https://vk.com/{}",
    "x": "https://x.com/{}",
}


def profile_address(platform: str, account_id: str, handle: str | None) -> str | None:
    """The address of an account's page; None where the platform is not known or the name could not stand in an address."""
    if platform == "youtube":
        return f"https://www.youtube.com/channel/{account_id}" if _PLAIN.fullmatch(account_id) else None
    name = (handle or account_id).lstrip("@")
    if platform == "mastodon":
        user, _, host = name.partition("@")
        return f"https://{host}/@{user}" if _PLAIN.fullmatch(user) and _PLAIN.fullmatch(host) else None
    return _BY_HANDLE[platform].format(name) if platform in _BY_HANDLE and _PLAIN.fullmatch(name) else None
