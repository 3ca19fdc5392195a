"""Takes the members out of a zip or gzip, with limits on how much may come out."""

import gzip
import io
import lzma
import struct
import zipfile
import zlib

from kernel.errors import Unreadable

# A bank's daily delivery has a few dozen files; an archive of more is a mistake or an attack.
MAX_MEMBERS = 1_000

_SKIPPED = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_ZIP, _GZIP = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b\x08"


def members(content: bytes, name: str, max_bytes: int) -> list[tuple[str, bytes]] | None:
    """Names and contents of the files inside; None when the content is no archive.

    Raises Unreadable TOO_LARGE (more than `max_bytes` or MAX_MEMBERS come out), TRUNCATED (damaged), EMPTY,
    UNKNOWN_FORMAT (locked by a password).
    """
    if content.startswith(_ZIP):
        return _unzip(content, max_bytes)
    if content.startswith(_GZIP):
        return [(name.removesuffix(".gz"), _gunzip(content, max_bytes))]
    return None


def refuse_nested(content: bytes) -> None:
    """Raises Unreadable UNKNOWN_FORMAT for an archive that came out of an archive: each level would multiply what comes out."""
    if content.startswith((*_ZIP, _GZIP)):
        raise Unreadable("UNKNOWN_FORMAT", "an archive within an archive is not opened")


def _unzip(content: bytes, max_bytes: int) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if _is_file(entry)]
            if len(entries) > MAX_MEMBERS:
                raise Unreadable("TOO_LARGE", f"an archive of more than {MAX_MEMBERS} files is not read")
            if not entries:
                raise Unreadable("EMPTY", "the archive holds no file")
            return _read_all(archive, entries, max_bytes)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError) as error:
        raise Unreadable("TRUNCATED", f"the archive is damaged: {error}") from None
    except (RuntimeError, NotImplementedError) as error:  # a password, or a compression Python does not know
        raise Unreadable("UNKNOWN_FORMAT", f"the archive cannot be opened: {error}") from None


def _is_file(entry: zipfile.ZipInfo) -> bool:
    return not entry.filename.endswith("/") and not any(skipped in entry.filename for skipped in _SKIPPED)


def _read_all(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], max_bytes: int) -> list[tuple[str, bytes]]:
    left = max_bytes
    result = []
    for entry in entries:
        with archive.open(entry) as stream:
            data = stream.read(left + 1)  # the size in the directory may lie
        left -= len(data)
        if left < 0:
            raise Unreadable("TOO_LARGE", f"more than {max_bytes} bytes come out of the archive", file=entry.filename)
        result.append((entry.filename, data))
    return result


def _gunzip(content: bytes, max_bytes: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            data = stream.read(max_bytes + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise Unreadable("TRUNCATED", f"the archive is damaged: {error}") from None
    if len(data) > max_bytes:
        raise Unreadable("TOO_LARGE", f"more than {max_bytes} bytes come out of the archive")
    return data
