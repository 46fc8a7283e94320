"""Odd images by encoders that sharp does not have: Pillow 13 and pillow-heif 1.8 (libheif with x265).

    pip install pillow pillow-heif && python make.py

The files lie beside this script and are committed; odd-images.test.ts says what each should become.
"""

import io
import struct
import zlib
from pathlib import Path

import pillow_heif
from PIL import Image

here = Path(__file__).parent
pillow_heif.register_heif_opener()


def picture(seed: int, size=(24, 18), mode="RGB") -> Image.Image:
    """A smooth picture that differs for every seed."""
    width, height = size
    image = Image.new("RGB", size)
    image.putdata(
        [
            ((x * 9 + seed * 31) % 256, (y * 11 + seed * 17) % 256, (x * y + seed * 53) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    return image.convert(mode)


def save(name: str, image: Image.Image, **options) -> None:
    image.save(here / name, **options)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side: int) -> bytes:
    """A picture of side × side black pixels of 1 bit, all of its rows there, in few bytes."""
    row = b"\0" * (1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row * 64) for _ in range(side // 64))
    data += packer.compress(row * (side % 64)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# not decoded by the libraries that come with sharp
save("hevc.heic", picture(1, (64, 64)), format="HEIF", quality=30)
save("hevc-as.jpg", picture(2, (64, 64)), format="HEIF", quality=30)
save("bitmap.bmp", picture(3, (8, 8)))
save("wavelet.jp2", picture(4))
save("codestream.j2k", picture(5))
save("icon.ico", picture(6, (16, 16)))
save("targa.tga", picture(7, (8, 8)))
save("netpbm.ppm", picture(8, (8, 8)))
# unusual, and decoded
save("pillow.avif", picture(9))
save("adobe-cmyk.jpg", picture(10, mode="CMYK"))
save("two-pictures.jpg", picture(11), format="MPO", save_all=True, append_images=[picture(12)])
save("restart-markers.jpg", picture(13), restart_marker_blocks=1)
save("411.jpg", picture(14), subsampling=2, progressive=True)
save("interlaced.gif", picture(15), interlace=1)
save("two-frames.gif", picture(16), save_all=True, append_images=[picture(17)])
save("two-frames.webp", picture(18), save_all=True, append_images=[picture(19)])
save("two-frames.png", picture(20), save_all=True, append_images=[picture(21)])
save("one-bit.png", picture(22, mode="L").point(lambda v: 255 * (v > 128)).convert("1"))
save("palette-transparent.png", picture(23, mode="P"), transparency=3)
save("gray-sixteen.png", Image.frombytes("I;16", (24, 18), bytes(range(216)) * 4))
save("packbits.tif", picture(24), compression="packbits")
save("fax.tif", picture(25, mode="L").convert("1"), compression="group4")
save("float.tif", picture(26, mode="F"))
save("sixteen.tif", Image.frombytes("I;16", (24, 18), bytes(range(216, 0, -1)) * 4))
save("signed.tif", picture(27, mode="I"))
save("lab.tif", picture(28, mode="LAB"))
save("big.tif", picture(29), big_tiff=True)
save("two-pages.tif", picture(30), save_all=True, append_images=[picture(31)])
(here / "bomb.png").write_bytes(png_bomb(20_000))
stream = io.BytesIO()
picture(32, (32, 32)).save(stream, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff broken")
(here / "broken-exif.jpg").write_bytes(stream.getvalue())
