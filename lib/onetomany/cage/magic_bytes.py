"""The kinds of files that show in their first bytes: the kit's one list of them."""

import re

PDF, ZIP, GZIP = "application/pdf", "application/zip", "application/gzip"
OLE = "application/x-ole-storage"  # Office before 2007, HWP 5, Outlook: a compound file
TAR, SEVEN_ZIP = "application/x-tar", "application/x-7z-compressed"
PARQUET, SQLITE = "application/vnd.apache.parquet", "application/vnd.sqlite3"
ARROW, HDF5 = "application/vnd.apache.arrow.file", "application/x-hdf5"
MATLAB, NUMPY = "application/x-matlab-data", "application/x-numpy"
LOOKED_AT = 2048  # bytes of a file that are enough
_STARTS = (
    (rb"%PDF-", PDF),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"II\*\0|MM\0\*", "image/tiff"),
    (rb"GIF8[79]a", "image/gif"),
    # a text may begin with BM too: the four bytes after a bitmap's size are reserved
    (rb"BM.{4}\0{4}", "image/bmp"),
    (rb"RIFF.{4}WEBP", "image/webp"),
    (rb"\x1f\x8b", GZIP),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8)", "application/x-bzip2"),
    (rb"\xfd7zXZ\0", "application/x-xz"),
    (rb"ALZ\x01", "application/x-alz"),
    (rb"EGGA", "application/x-egg"),
    (rb"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    (rb"Rar!\x1a\x07", "application/vnd.rar"),
    (rb"MSCF\0{4}", "application/x-cab"),
    (rb".{2}-l[hz][0-9ds]-", "application/x-lzh"),
    (rb".{257}ustar", TAR),
    (rb"!BDN", "application/vnd.ms-outlook-pst"),
    (rb"\{\\rtf", "application/rtf"),
    (rb"HWP Document File V", "application/x-hwp"),  # before version 5
    # Hangul's document as one XML file, whatever it is called
    (rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]{0,999}>\s*){0,9}<HWPML[\s>]", "application/x-hwpml"),
    (rb"(?:\xff\xfe|\xfe\xff).{0,999}?<\0?H\0W\0P\0M\0L", "application/x-hwpml"),
    (rb"<MARKANY", "application/x-drm; by=MarkAny"),
    (rb".{0,8}DRMONE", "application/x-drm; by=Fasoo"),
    (rb"SCDSA\d", "application/x-drm; by=SoftCamp"),
    (rb"<## NASCA DRM FILE", "application/x-drm; by=NASCA"),
    (rb"PK(?:\x03\x04|\x05\x06)", ZIP),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (rb"SQLite format 3\0", SQLITE),
    (rb"PAR1\x15", PARQUET),
    (rb"ARROW1\0\0", ARROW),
    (rb"\x89HDF\r\n", HDF5),
    (rb"MATLAB 5\.0 MAT-file", MATLAB),
    (rb"\x93NUMPY", NUMPY),
)


def media_type_by_magic(start: bytes) -> str:
    r"""Return the media type that a file's first bytes show, '' if they show none.

    >>> media_type_by_magic(b"%PDF-1.7 ..."), media_type_by_magic(b"id,x")
    ('application/pdf', '')
    """
    return next((kind for mark, kind in _STARTS if re.match(mark, start, re.DOTALL)), "")
