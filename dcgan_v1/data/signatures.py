"""What a file is by its first bytes, whatever its name says: for messages."""

from __future__ import annotations

START = 512  # bytes that are enough to tell

# brands of ISO media files (ftyp boxes) -> what such a file is
BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "an AVIF image"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "a HEIC photo"),
    **dict.fromkeys((b"mif1", b"msf1"), "a HEIF photo"),
    b"crx ": "a camera's raw file (CR3)",
    b"jxl ": "a JPEG XL image",
}
FIRST_BYTES = {
    b"\xff\xd8\xff": "a JPEG image",
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"GIF8": "a GIF image",
    b"BM": "a BMP image",
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"\0\0\0\x0cjP  \r\n\x87\n": "a JPEG 2000 image",
    b"\xff\x4f\xff\x51": "a JPEG 2000 image",
    b"\0\0\0\x0cJXL \r\n\x87\n": "a JPEG XL image",
    b"\xff\x0a": "a JPEG XL image",
    b"8BPS": "a Photoshop file",
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript file",
    b"v/1\x01": "an OpenEXR image",
    b"\x93NUMPY": "an array of numpy's",
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\0": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"ID3": "a sound file",
    b"\x1a\x45\xdf\xa3": "a video",
}
IMAGES = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "AVIF", "JPEG 2000", "PNM")  # that are read


def what(start: bytes) -> str:
    """Returns what a file is, such as 'a HEIC photo'; '' where its bytes do not tell.

    Args:
      start: of the file, START bytes if it has so many.
    """
    if start[4:8] == b"ftyp":
        brands = [start[8:12], *(start[i : i + 4] for i in range(16, _box(start), 4))]
        # a brand of its own says more than the family's, which comes first in many files
        names = [BRANDS[brand] for brand in brands if brand in BRANDS]
        return next((k for k in names if "HEIF" not in k), names[0] if names else "a video")
    if start[:4] == b"RIFF":
        return {b"WEBP": "a WebP image", b"WAVE": "a sound file"}.get(start[8:12], "a video")
    if start[128:132] == b"DICM":
        return "a DICOM image"
    if start[:1] == b"P" and start[1:2] in b"123456" and start[2:3].isspace():
        return "a PNM image"
    if start[257:262] == b"ustar":
        return "a tar archive"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a page of HTML"
    if text.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS"
    if b"<svg" in text and text.startswith((b"<svg", b"<?xml", b"<!")):
        return "an SVG drawing"
    matches = (kind for magic, kind in FIRST_BYTES.items() if start.startswith(magic))
    return next(matches, "")


def is_read(kind: str) -> bool:
    """Whether what `what` returned is an image that `decode` reads."""
    return kind.endswith(" image") and any(f" {name} " in f" {kind} " for name in IMAGES)


def way_on(kind: str) -> str:
    """Returns what to do about a file that should have been an image and is not."""
    ways = {
        "a page of HTML": "download it again",
        "a pointer of Git LFS": "git lfs pull gets the file itself",
    }
    return ways.get(kind, "convert it")


def _box(start: bytes) -> int:
    """Returns where a file's first box ends, as far as there are bytes of it."""
    return min(int.from_bytes(start[:4], "big"), len(start))
