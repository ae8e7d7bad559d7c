"""Archives of small images, of every kind that is read."""

import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import pytest
from image_data import encoded
from PIL import Image

FILES = {f"faces/{i}.png": encoded(Image.new("RGB", (8, 8), (20 * i,) * 3)) for i in range(5)}
BESIDE = {"faces/notes.txt": b"no image", "faces/.hidden.png": b"", "__MACOSX/faces/._0.png": b""}


def tar(path, mode="w", files=FILES | BESIDE):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("faces/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "0.png"
        archive.addfile(link)
    return path


def tar_of_before_1988(path):
    """With no magic word in its headers."""
    data = bytearray(tar(path).read_bytes())
    for start in range(0, len(data), 512):
        if data[start + 257 : start + 262] == b"ustar":
            data[start + 257 : start + 512] = bytes(255)
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])
    path.write_bytes(data)
    return path


def tar_zst(path):
    zstd = pytest.importorskip("backports.zstd")
    path.write_bytes(zstd.compress(tar(path).read_bytes()))
    return path


def rar(path, files=FILES | BESIDE, is_compressed=False, is_solid=False):
    """A RAR archive (version 5) by its description."""
    pytest.importorskip("rarfile")

    def block(kind, flags, fields, data=b""):
        size = _vint(len(data)) if data else b""
        header = _vint(kind) + _vint(flags | 2 * bool(data)) + size + fields
        header = _vint(len(header)) + header
        return struct.pack("<I", zlib.crc32(header)) + header + data

    blocks = [b"Rar!\x1a\x07\x01\0", block(1, 0, _vint(4 * is_solid))]
    for i, (name, data) in enumerate(files.items()):
        fields = _vint(4) + _vint(len(data)) + _vint(0o644)  # a checksum is there
        method = 3 if is_compressed and data else 0
        fields += struct.pack("<I", zlib.crc32(data))
        fields += _vint(method << 7 | (is_solid and i > 0) << 6) + _vint(1)
        fields += _vint(len(name.encode())) + name.encode()
        blocks.append(block(2, 0, fields, _packed_by_rar(data) if method else data))
    path.write_bytes(b"".join([*blocks, block(5, 0, _vint(0))]))
    return path


def _packed_by_rar(data):
    """As one block of RAR's method 3 with no match in it: every byte has a code of 8 bits.

    In front are the lengths of 430 codes, coded themselves: '0' is the length 8, '10' repeats
    it and '11' repeats zero, 11 times and as often as the next seven bits say.
    """
    bits = "".join(format({8: 1, 17: 2, 19: 2}.get(i, 0), "04b") for i in range(20))
    bits += "0" + "10" + format(127, "07b") + "10" + format(106, "07b")  # 256 of length 8
    bits += "11" + format(127, "07b") + "11" + format(25, "07b")  # 174 that do not occur
    bits += "".join(format(byte, "08b") for byte in data)
    flags = 0xD0 | (len(bits) - 1) % 8  # has these lengths, is the last, gives its size in 3
    packed = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    size = len(packed).to_bytes(3, "little")
    return bytes([flags, 0x5A ^ flags ^ size[0] ^ size[1] ^ size[2]]) + size + packed


def _vint(number):
    """Seven bits in each byte, the lowest first."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _vint(rest) if rest else bytes([low])


def seven(path):
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(path, "w") as archive:
        for name, data in (FILES | BESIDE).items():
            archive.writestr(data, name)
    return path


def zipped(path, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in (FILES | BESIDE).items():
            archive.writestr(name, data)
    return path


def zip_by(path, method, pack):
    """A zip whose members are packed by a method that zipfile does not know."""
    packed = {name: pack(data) for name, data in FILES.items()}
    directory, body = [], b""
    for name, data in FILES.items():
        sizes = struct.pack("<III", zlib.crc32(data), len(packed[name]), len(data))
        middle = struct.pack("<HHHI", 20, 0, method, 0) + sizes
        lengths = struct.pack("<HH", len(name), 0)
        directory.append(
            b"PK\x01\x02\x14\0" + middle + lengths + bytes(10) + struct.pack("<I", len(body))
            + name.encode()
        )  # fmt: skip
        body += b"PK\x03\x04" + middle + lengths + name.encode() + packed[name]
    end = b"".join(directory)
    count = len(directory)
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(end), len(body), 0)
    path.write_bytes(body + end + tail)
    return path


def deflate64_run(byte, count):
    """One byte many times by a match that deflate, whose longest is 258, does not have."""
    bits = "110" + format(0x30 + byte, "08b")  # a last block of fixed codes; the byte
    bits += format(0xC5, "08b") + format(count - 4, "016b")[::-1] + "00000" + "0000000"
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))


def zip_deflate64(path):
    pytest.importorskip("inflate64")
    return zip_by(path, 9, lambda data: zlib.compress(data, 0, -15))


def zip_zstandard(path):
    zstd = pytest.importorskip("backports.zstd")
    return zip_by(path, 93, zstd.compress)


FORMS = {
    "tar": tar,
    "tgz": lambda path: tar(path, "w:gz"),
    "tar.bz2": lambda path: tar(path, "w:bz2"),
    "tar.xz": lambda path: tar(path, "w:xz"),
    "tar.zst": tar_zst,
    "gnu.tar": tar_of_before_1988,
    "7z": seven,
    "rar": rar,
    "zip": zipped,
    "stored.zip": lambda path: zipped(path, zipfile.ZIP_STORED),
    "bzip2.zip": lambda path: zipped(path, zipfile.ZIP_BZIP2),
    "lzma.zip": lambda path: zipped(path, zipfile.ZIP_LZMA),
    "xz.zip": lambda path: zip_by(path, 95, lzma.compress),
    "deflate64.zip": zip_deflate64,
    "zstandard.zip": zip_zstandard,
    "no_suffix": lambda path: tar(path, "w:gz"),
}
