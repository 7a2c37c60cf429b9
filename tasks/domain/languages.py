"""What languages are called in print; data use BCP 47 codes."""

LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "he": "Hebrew",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}


def language_name(code: str) -> str:
    """`zh-TW` -> `Chinese (zh-TW)`, `zh` -> `Chinese`; a code that is not known stays a code."""
    name = LANGUAGES.get(code.split("-")[0].lower())
    if name is None:
        return {"": "not given", "und": "undetermined"}.get(code, code)
    return name if "-" not in code else f"{name} ({code})"
