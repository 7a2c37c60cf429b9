"""Posts in which an account says whom it replaces, or by whom it will be replaced."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.rebuilding.successors.people import People

Said = Literal["by the later account", "by the lost account", "by another account"]
BITS: dict[Said, float] = {"by the later account": 14.0, "by the lost account": 14.0, "by another account": 7.0}
UNNAMED_BITS = 2.0  # "my old account was suspended", without saying which: every lost account of that time could be meant

# Words for an account, in the languages of the campaigns at hand: posts without any of them are not read further.
_ACCOUNT = (
    r"\b(?:accounts?|acc?ts?|acc|profile|page|channel|handle)\b|аккаунт|акк|страниц|профил|канал"
    r"|账号|账户|帐号|帳號|帳戶|新号|旧号|老号|小号|大号|被封|封号|konto|kanal|cuenta|compte|conta|profilo"
)
_ENGLISH = r"(?:accounts?|acc?ts?|acc|profile|page|channel|handle)"
_RUSSIAN = r"(?:аккаунт|акк\b|страниц|профил|канал)"
_CHINESE = r"[账帐帳]?[号號]"
_MINE = re.compile(
    rf"\b(?:my|our)\b[^.!?]{{0,45}}?\b{_ENGLISH}\b"
    r"|\b(?:i|we)\b(?:'ve| have| was| were| got| had| am| are)*(?: been)? (?:permanently |temporarily )?"
    r"(?:suspended|banned|blocked|removed|locked out)"
    rf"|(?:мо[йяюеи]|мою|наш\w*|меня|нас|это)\b[^.!?]{{0,40}}{_RUSSIAN}|(?:нов|стар|запасн|резервн)\w* {_RUSSIAN}"
    rf"|(?:我|本人|本号|本號|咱)[^。！？]{{0,12}}(?:[账帐帳][号號户戶]|号|號)|(?:新|旧|舊|老|备用|備用){_CHINESE}|转世"
    r"|\b(?:mein|unser|mi|nuestr[ao]|mon|notre|minha|nossa|mio|nostro)\b[^.!?]{0,30}"
    r"(?:konto|account|kanal|cuenta|perfil|compte|conta|profilo)",
    re.IGNORECASE,
)
_LOSS = re.compile(
    r"suspend|\bbann|\bblocked|\bremoved|\bdeleted|\bdisabled|\blocked|\bhacked|\btaken down|\bgone\b|\blost\b"
    rf"|\b(?:old|previous) {_ENGLISH}|заблокир|забан|удал[иея]|заморо|стар\w+ {_RUSSIAN}"
    rf"|封|被删|被刪|不见|不見|没了|沒了|炸号|冻结|凍結|停用|[旧舊老]{_CHINESE}"
    r"|gesperrt|suspendid|eliminad|bloquead|bloqué|supprimé|sospes|bloccat",
    re.IGNORECASE,
)
_NEW = re.compile(
    rf"\bnew (?:\w+ ){{0,2}}{_ENGLISH}|back-?up|\b(?:second|reserve|spare|other) {_ENGLISH}|follow (?:me|us) (?:here|at|on)"
    rf"|нов\w+ {_RUSSIAN}|запасн|резервн|[新小大]{_CHINESE}|备用|備用|转世|重新"
    r"|neue[rns]* (?:konto|account|kanal)|nueva cuenta|nouveau compte|nova conta|nuovo (?:profilo|account)",
    re.IGNORECASE,
)
_NOT_OWN = re.compile(
    r"\bfake\b|impost[eo]r|фейк|подделк|假冒|冒充|\bRT @?\w+\s?:", re.IGNORECASE
)  # a warning, or somebody else's words
_HANDLE = re.compile(r"(?<![\w@])@?([\w][\w.\-]{2,49})")


@dataclass(frozen=True)
class Announcement:
    """`lost` is -1 where the post does not name whom it speaks of."""

    lost: int
    later: int
    said: Said
    post: int


def find_announcements(people: People, lost: np.ndarray, later: np.ndarray) -> list[Announcement]:
    """Announcements among the posts of `people`, in order of account, time and post.

    Named: by its "@handle" or by its handle alone. The later account speaks of its own loss or of a new account and names the lost one; the
    lost account speaks of its new or spare account and names the later one; another account names both and says that one was lost
    and the other is new. A post that warns of a fake account is none of these, nor is a quoted one.
    """
    rows = _promising(people)
    known = {str(handle).casefold(): position for position, handle in enumerate(people.handle) if handle}
    is_lost, is_later = np.zeros(len(people), dtype=bool), np.zeros(len(people), dtype=bool)
    is_lost[lost], is_later[later] = True, True
    found: list[Announcement] = []
    for row, text in zip(rows.tolist(), people.posts["text"].iloc[rows], strict=True):
        if not _NOT_OWN.search(text):
            found += _read(text, row, int(people.account[row]), known, is_lost, is_later)
    ids = people.posts["post_id"].to_numpy(dtype=object)
    return sorted(found, key=lambda one: (one.later, one.lost, int(people.at[one.post]), str(ids[one.post])))


def _read(text: str, row: int, author: int, known: dict[str, int], is_lost: np.ndarray, is_later: np.ndarray) -> list[Announcement]:
    mine, loss, new = (bool(pattern.search(text)) for pattern in (_MINE, _LOSS, _NEW))
    if not (loss or new):
        return []
    words = {word.rstrip(".-").casefold() for word in _HANDLE.findall(text)}
    named = sorted({known[word] for word in words if word in known} - {author})
    found = []
    if mine and is_later[author]:
        those = [other for other in named if is_lost[other]]
        found += [Announcement(other, author, "by the later account", row) for other in those] or (
            [Announcement(-1, author, "by the later account", row)] if not named else []
        )
    if mine and new and is_lost[author]:
        found += [Announcement(author, other, "by the lost account", row) for other in named if is_later[other]]
    if loss and new:
        found += [
            Announcement(one, other, "by another account", row)
            for one in named
            for other in named
            if one != other and is_lost[one] and is_later[other]
        ]
    return found


def _promising(people: People) -> np.ndarray:
    """Positions of the posts whose text has a word for an account; reposts are somebody else's words."""
    posts = people.posts
    own = (posts["kind"] != "repost").to_numpy(dtype=bool)
    texts = pa.array(posts["text"].array)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    hit = pc.fill_null(pc.match_substring_regex(texts, _ACCOUNT, ignore_case=True), False).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.asarray(hit, dtype=bool) & own)
    strong = pd.Series(texts.take(pa.array(rows)).to_pylist(), dtype=object)
    keep = [bool(_LOSS.search(text) or _NEW.search(text)) for text in strong]
    found: np.ndarray = rows[np.array(keep, dtype=bool)]
    return found
