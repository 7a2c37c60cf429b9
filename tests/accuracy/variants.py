# ruff: noqa: E501 - words of a script in lines as long as they come
"""Labelled copies of made-up texts in six scripts: what campaigns do to a text before they post it again, and texts that are no copies.

Words are common ones, sentences are drawn from them and mean nothing. Every original also has a sibling: the same text with every third
word another one, which is not a copy (its 5-grams have an index of about 0.4 to 0.7 with the original's).
"""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import opencc

WORDS = {
    "Latin": """the harbour bridge council morning garden river people market winter letter village question teacher kitchen window journey
        summer island yellow quiet promise station paper forest captain orange weather music corner silver history doctor evening
        mountain bread carry follow answer remember between against behind nothing together always never country building table""",
    "Cyrillic": """мост гавань совет утро сад река люди рынок зима письмо деревня вопрос учитель кухня окно дорога лето остров жёлтый тихий
        обещание станция бумага лес капитан апельсин погода музыка угол серебро история врач вечер гора хлеб нести следовать ответ помнить
        между против позади ничего вместе всегда никогда страна здание стол""",
    "Arabic": """جسر ميناء مجلس صباح حديقة نهر ناس سوق شتاء رسالة قرية سؤال معلم مطبخ نافذة طريق صيف جزيرة أصفر هادئ وعد محطة ورق غابة قبطان
        برتقال طقس موسيقى زاوية فضة تاريخ طبيب مساء جبل خبز يحمل يتبع جواب يتذكر بين ضد خلف شيء معا دائما أبدا بلد مبنى طاولة""",
    "Hebrew": """גשר נמל מועצה בוקר גינה נהר אנשים שוק חורף מכתב כפר שאלה מורה מטבח חלון דרך קיץ אי צהוב שקט הבטחה תחנה נייר יער קברניט תפוז
        מזג מוזיקה פינה כסף היסטוריה רופא ערב הר לחם לשאת לעקוב תשובה לזכור בין נגד מאחור כלום יחד תמיד אף ארץ בניין שולחן""",
    "Thai": """สะพาน ท่าเรือ สภา เช้า สวน แม่น้ำ ผู้คน ตลาด ฤดูหนาว จดหมาย หมู่บ้าน คำถาม ครู ครัว หน้าต่าง การเดินทาง ฤดูร้อน เกาะ เหลือง
        เงียบ สัญญา สถานี กระดาษ ป่า กัปตัน ส้ม อากาศ ดนตรี มุม เงิน ประวัติ หมอ เย็น ภูเขา ขนมปัง แบก ตาม คำตอบ จำ ระหว่าง ต่อต้าน ข้างหลัง
        ไม่มี ด้วยกัน เสมอ ประเทศ อาคาร โต๊ะ""",
    "Han": """大桥 港口 议会 早晨 花园 河流 人们 市场 冬天 书信 村庄 问题 老师 厨房 窗户 旅程 夏天 岛屿 黄色 安静 承诺 车站 报纸 森林 船长 橙子 天气
        音乐 角落 银色 历史 医生 傍晚 高山 面包 携带 跟随 回答 记得 中间 反对 后面 没有 一起 总是 从来 国家 建筑 桌子 发展 经济 热爱 听说""",
}
UNSPACED = {"Thai", "Han"}
SPACED = ("Latin", "Cyrillic", "Arabic", "Hebrew")
LENGTHS = {"short": (40, 70), "middle": (90, 150), "long": (200, 270)}  # characters as counted by families: a CJK one is two
EMOJI = ["😀", "🔥", "👏🏽", "🇫🇷", "❤️", "👨‍👩‍👧", "✅", "🙏", "📣", "‼️"]
INVISIBLE = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\ufe0f"]
_LOOKALIKE = {
    "Latin": str.maketrans("aceopxyi", "асеорхуі"),  # to Cyrillic
    "Cyrillic": str.maketrans("асеорху", "aceopxy"),
}
_MARKS = {"Arabic": "\u064b\u064e\u064f\u0650\u0652", "Hebrew": "\u05b0\u05b4\u05b7\u05b8\u05bc"}


@dataclass(frozen=True)
class Text:
    """`original`: which original it says the same as; `change`: how it was made of it ("original", "sibling", or a name of CHANGES)."""

    text: str
    original: int
    change: str
    script: str
    length: str


def originals(script: str, length: str, many: int, rng: random.Random) -> list[str]:
    low, high = LENGTHS[length]
    words = WORDS[script].split()
    return [_sentence(words, rng.randint(low, high) // (2 if script == "Han" else 1), script, rng) for _ in range(many)]


def _sentence(words: list[str], length: int, script: str, rng: random.Random) -> str:
    said: list[str] = []
    while sum(map(len, said)) + (0 if script in UNSPACED else len(said)) < length:
        said.append(rng.choice(words))
    return _joined(said, script)


def _joined(said: list[str], script: str) -> str:
    comma = {"Han": "，", "Arabic": "، "}.get(script, " " if script == "Thai" else ", ")
    parts = [said[at : at + 6] for at in range(0, len(said), 6)]
    inside = "" if script in UNSPACED else " "
    text = comma.join(inside.join(part) for part in parts)
    return text[:1].upper() + text[1:] + ("。" if script == "Han" else "" if script == "Thai" else ".")


def sibling(text: str, script: str, rng: random.Random) -> str:
    """Another text of the same build: every third word is another one."""
    words = WORDS[script].split()
    if script in UNSPACED:
        pieces, rest = [], text
        while rest:
            piece = next((word for word in sorted(words, key=len, reverse=True) if rest.startswith(word)), rest[0])
            pieces.append(piece)
            rest = rest[len(piece) :]
        places = [at for at, piece in enumerate(pieces) if piece in words][::3]
        for at in places:
            pieces[at] = rng.choice([word for word in words if word != pieces[at]])
        return "".join(pieces)
    tokens = text.split(" ")
    for at in range(0, len(tokens), 3):
        tail = tokens[at][len(tokens[at].rstrip(".,،")) :]
        tokens[at] = rng.choice([word for word in words if word not in tokens[at].lower()]) + tail
    return " ".join(tokens)


def _inserted(text: str, signs: list[str], many: int, rng: random.Random) -> str:
    at = sorted(rng.sample(range(len(text) + 1), min(many, len(text))), reverse=True)
    for place in at:
        text = text[:place] + rng.choice(signs) + text[place:]
    return text


def _between_words(text: str, signs: list[str], many: int, script: str, rng: random.Random) -> str:
    if script in UNSPACED:
        return _inserted(text, signs, many, rng)
    words = text.split(" ")
    for _ in range(many):
        words.insert(rng.randrange(len(words) + 1), rng.choice(signs))
    return " ".join(words)


def _link(rng: random.Random) -> str:
    return f"https://{rng.choice(['t.example', 'news.example.org', 'a.example.net'])}/{rng.getrandbits(40):x}"


def _punctuation(text: str, script: str, rng: random.Random) -> str:
    text = (
        text.replace("，", rng.choice(["！", "、", "，"]))
        .replace(", ", rng.choice([" - ", "! ", ", "]))
        .replace("، ", rng.choice([" ", "! "]))
    )
    return rng.choice(["“", "【", "", "*"]) + text.rstrip(".。") + rng.choice(["!!!", "...", "？", "。。", "!?"])


def _full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def _truncated(text: str, rng: random.Random, end: str) -> str:
    return text[: int(len(text) * rng.uniform(0.6, 0.9))].rstrip() + end


def _vowels(text: str, script: str, rng: random.Random) -> str:
    marks = _MARKS[script]
    return "".join(sign + (rng.choice(marks) if sign.isalpha() and rng.random() < 0.5 else "") for sign in text)


def _lookalike(text: str, script: str, rng: random.Random) -> str:
    table = _LOOKALIKE[script]
    return "".join(sign.translate(table) if rng.random() < 0.3 else sign for sign in text)


Change = Callable[[str, str, random.Random], str]
CHANGES: dict[str, tuple[Change, tuple[str, ...] | None]] = {  # how, and in which scripts (None: all)
    "emoji at either end": (lambda t, _, r: r.choice(EMOJI) + t + " " + r.choice(EMOJI) * 3, None),
    "emoji between the words": (lambda t, s, r: _between_words(t, EMOJI, 3, s, r), None),
    "zero-width characters": (lambda t, _, r: _inserted(t, INVISIBLE, max(len(t) // 8, 3), r), None),
    "swapped link": (lambda t, _, r: f"{t} {_link(r)}", None),
    "link before and in the text": (lambda t, s, r: f"{_link(r)} " + _between_words(t, [f" {_link(r)} "], 1, s, r), None),
    "mentions in front": (lambda t, _, r: f"@user{r.randrange(999)} @name_{r.randrange(99)} {t}", None),
    "hashtags behind": (lambda t, s, r: f"{t} #{r.choice(WORDS[s].split())} #{r.choice(WORDS[s].split())}", None),
    "number behind": (lambda t, _, r: f"{t} {r.randrange(10**6)}", None),
    "traditional characters": (lambda t, _, __: _traditional(t), ("Han",)),
    "full-width characters": (lambda t, _, __: _full_width(t), ("Latin", "Cyrillic", "Han")),
    "upper case": (lambda t, _, __: t.upper(), ("Latin", "Cyrillic")),
    "punctuation": (_punctuation, None),
    "spaces doubled or broken lines": (lambda t, _, r: t.replace(" ", r.choice(["  ", "\n", "\u3000", "\u00a0"])), SPACED),
    "spaces inside": (lambda t, _, r: _inserted(t, [" "], max(len(t) // 12, 2), r), ("Thai", "Han")),
    "composed otherwise (NFD)": (lambda t, _, __: unicodedata.normalize("NFD", t), ("Cyrillic", "Arabic")),
    "vowel marks": (_vowels, ("Arabic", "Hebrew")),
    "letters stretched (tatweel)": (lambda t, _, r: _inserted(t, ["\u0640"], max(len(t) // 10, 3), r), ("Arabic",)),
    "letters of another script": (_lookalike, ("Latin", "Cyrillic")),
    "cut short": (lambda t, _, r: _truncated(t, r, ""), None),
    'cut short, "..." and a link': (lambda t, _, r: _truncated(t, r, "…") + f" {_link(r)}", None),
    "one word exchanged": (lambda t, s, r: _one_word(t, s, r), None),
}


def _traditional(text: str) -> str:
    return str(_CONVERTER.convert(text))


_CONVERTER = opencc.OpenCC("s2t")


def _one_word(text: str, script: str, rng: random.Random) -> str:
    words = WORDS[script].split()
    found = [word for word in words if word in text]
    return text.replace(rng.choice(found), rng.choice(words), 1)


def corpus(each: int, seed: int) -> list[Text]:
    """`each` originals a script and length, each with its sibling and one copy of every change; in a random order of age."""
    rng = random.Random(seed)  # noqa: S311 - made-up texts
    texts: list[Text] = []
    number = 0
    for script in WORDS:
        for length in LENGTHS:
            for text in originals(script, length, each, rng):
                texts.append(Text(text, number, "original", script, length))
                texts.append(Text(sibling(text, script, rng), -number - 1, "sibling", script, length))
                for name, (change, scripts) in CHANGES.items():
                    if scripts is None or script in scripts:
                        texts.append(Text(change(text, script, rng), number, name, script, length))
                number += 1
    rng.shuffle(texts)
    return texts
