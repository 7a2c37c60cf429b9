"""The child process that opens pictures which nobody vouches for: `python -m tasks.detect.avatar_child`.

In: a picture's length in 4 bytes, then its bytes, again and again. Out: one line of JSON a picture. Everything needed is loaded first; then
this process may open no file, pipe or connection any more, write no file, and use so much memory and so many seconds a picture: what
a picture makes it do ends with it.
"""

import io
import json
import resource
import sys
from importlib import import_module
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from tasks.detect import eyes
from tasks.detect.pdq import pdq

MOST_PIXELS = 1 << 24  # 4,096 by 4,096; the largest profile picture a platform hands out is 2,048 wide
LEAST_SIDE = 64  # below it the measured error rates do not hold
HASH_SIDE = 512  # larger pictures are brought to it before hashing, as PDQ's authors advise
_FORMATS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "WEBP": b"RIFF"}
_LATE = ("JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin", "TiffImagePlugin", "WebPImagePlugin")  # TIFF reads the orientation
_OPEN_FILES = 3  # stdin, stdout, stderr


class Refused(Exception):
    """A picture that is not looked at; the message is the reason that is counted."""


def main(source: BinaryIO, target: BinaryIO, cpu_s: int, memory_mb: int) -> int:
    """Answer until the input ends."""
    _warm_up()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    target.write(b"ready\n")
    target.flush()
    while len(head := source.read(4)) == 4:
        data = source.read(int.from_bytes(head, "big"))
        _allow(cpu_s)
        target.write(json.dumps(answer(data)).encode() + b"\n")
        target.flush()
    return 0


def answer(data: bytes) -> dict[str, Any]:
    """What is seen in a picture (fields of `Look`), or why it was refused."""
    try:
        return _look(data)
    except Refused as why:
        return {"refused": str(why)}
    except MemoryError:
        return {"refused": "needs more memory than a picture may"}
    except Exception:  # whatever a decoder raises at bytes made to break it
        return {"refused": "damaged or cut off"}


def _look(data: bytes) -> dict[str, Any]:
    image = _opened(data)
    grey = np.asarray(image.convert("L").resize((eyes.SIDE, eyes.SIDE), Image.Resampling.BICUBIC))
    width, height = image.size
    if max(width, height) > HASH_SIDE:
        image.thumbnail((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX)
    pixels = np.asarray(image)
    bits, quality = pdq(pixels)
    # the mirror image is hashed itself: what can be derived for it from the terms was 34 bits off on a portrait, more than the limit
    mirrored, _ = pdq(pixels[:, ::-1])
    seen = eyes.look_for_eyes(grey, width, height)
    return {
        "pdq": np.packbits(bits.astype(np.uint8)).tobytes().hex(),
        "mirrored": np.packbits(mirrored.astype(np.uint8)).tobytes().hex(),
        "quality": int(quality),
        "eyes": seen.outcome,
        "distance": seen.distance,
    }


def _opened(data: bytes) -> Image.Image:
    """The first frame, upright, 8 bits a channel, on white where it is transparent."""
    if not data:
        raise Refused("empty file")
    named = [name for name, magic in _FORMATS.items() if data.startswith(magic)]
    if not named or (named == ["WEBP"] and data[8:12] != b"WEBP"):
        raise Refused("not a PNG, JPEG or WebP picture")
    image: Image.Image = Image.open(io.BytesIO(data), formats=named)
    if image.width * image.height > MOST_PIXELS:
        raise Refused(f"more than {MOST_PIXELS:,} pixels")
    if min(image.size) < LEAST_SIDE:
        raise Refused(f"smaller than {LEAST_SIDE} by {LEAST_SIDE} pixels")
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):  # 16 bits a pixel: Pillow would clip what is over 255
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        over = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
    return image.convert("RGB")


def _warm_up() -> None:
    """Load what decoders, hash and cascades load late."""
    Image.MAX_IMAGE_PIXELS = None  # our own bound is below it
    eyes.load()
    for late in _LATE:
        import_module(f"PIL.{late}")
    for form in _FORMATS:
        for mode in ("RGB", "RGBA") if form != "JPEG" else ("RGB", "CMYK"):
            made = io.BytesIO()
            exif = Image.Exif()
            exif[0x0112] = 6
            Image.effect_noise((96, 96), 50).convert(mode).save(made, form, exif=exif)
            answer(made.getvalue())
    for broken in (b"\xff\xd8\xff\xe0broken", b"\x89PNG\r\n\x1a\nbroken"):
        answer(broken)


def _allow(cpu_s: int) -> None:
    """So many more seconds of CPU, and up to one besides (the limit is in whole seconds); passing them ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_s, hard))


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]), int(sys.argv[2])))
