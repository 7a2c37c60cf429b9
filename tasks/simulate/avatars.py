"""Profile pictures: drawn from the account's avatar hash, so that the hash can be read off the picture again.

The hash is a 64-bit average hash: the picture is 8 by 8 fields, bit by bit from the top left, light where the bit is 1.
"""

from io import BytesIO

from PIL import Image

FIELD_PX = 8
_DARK, _LIGHT = (40, 96), (160, 224)  # ranges of the channels, apart enough for any threshold between


def draw(avatar_hash: str) -> bytes:
    """PNG of 64 x 64 pixels for a hash of 16 hex digits; its colours are the hash's own too."""
    value = int(avatar_hash, 16)
    shade = [low + (value >> shift) % (high - low) for low, high in (_DARK, _LIGHT) for shift in (3, 17, 31)]
    dark, light = (shade[0], shade[1], shade[2]), (shade[3], shade[4], shade[5])
    small = Image.new("RGB", (8, 8))
    small.putdata([light if value >> (63 - bit) & 1 else dark for bit in range(64)])
    out = BytesIO()
    small.resize((8 * FIELD_PX, 8 * FIELD_PX), Image.Resampling.NEAREST).save(out, format="PNG")
    return out.getvalue()


def average_hash(png: bytes) -> str:
    """16 hex digits: each of 8 x 8 fields against the middle of the darkest and the lightest."""
    with Image.open(BytesIO(png), formats=("PNG",)) as image:
        grey = list(image.convert("L").resize((8, 8), Image.Resampling.BOX).tobytes())
    middle = (min(grey) + max(grey)) / 2
    return f"{sum((level > middle) << (63 - bit) for bit, level in enumerate(grey)):016x}"
