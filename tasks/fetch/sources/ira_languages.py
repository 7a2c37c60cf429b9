"""The language names of the `ira` archive as BCP 47 codes; null where it says that the language is not defined."""

_NAMES = """
Albanian=sq Arabic=ar Bengali=bn Bulgarian=bg Catalan=ca Croatian=hr Czech=cs Danish=da Dutch=nl English=en Estonian=et Farsi_(Persian)=fa
Finnish=fi French=fr German=de Greek=el Gujarati=gu Hebrew=he Hindi=hi Hungarian=hu Icelandic=is Indonesian=id Italian=it Japanese=ja
Kannada=kn Korean=ko Kurdish=ku Latvian=lv Lithuanian=lt Macedonian=mk Malay=ms Malayalam=ml Norwegian=no Polish=pl Portuguese=pt
Pushto=ps Romanian=ro Russian=ru Serbian=sr Simplified_Chinese=zh-Hans Slovak=sk Slovenian=sl Somali=so Spanish=es Swedish=sv
Tagalog_(Filipino)=fil Tamil=ta Telugu=te Thai=th Traditional_Chinese=zh-Hant Turkish=tr Ukrainian=uk Urdu=ur Uzbek=uz Vietnamese=vi
"""
CODES: dict[str, str | None] = {
    **{name.replace("_", " "): code for name, code in (pair.split("=") for pair in _NAMES.split())},
    "LANGUAGE UNDEFINED": None,
}
