"""What a zip or gzip holds comes out within limits, or is refused."""

import gzip
import io
import zipfile

import pytest

from kernel.archive import MAX_MEMBERS, members, refuse_nested
from kernel.errors import Unreadable

LIMIT = 1_000_000


def zipped(*contents, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for place, content in enumerate(contents):
            archive.writestr(f"{place}.txt", content)
    return buffer.getvalue()


def refusal(content):
    with pytest.raises(Unreadable) as refused:
        members(content, "a.zip", LIMIT)
    return refused.value.code


def test_members_come_out_with_their_names_in_order():
    assert members(zipped(b"a", b"b"), "x", LIMIT) == [("0.txt", b"a"), ("1.txt", b"b")]
    assert members(gzip.compress(b"a"), "x.sta.gz", LIMIT) == [("x.sta", b"a")]


def test_what_is_no_archive_is_none():
    assert members(b"hello", "", LIMIT) is None


@pytest.mark.parametrize("content", [zipped(bytes(LIMIT + 1)), zipped(bytes(LIMIT), b"1"), gzip.compress(bytes(LIMIT + 1))])
def test_what_grows_beyond_the_limit_is_too_large(content):
    assert len(content) < LIMIT / 100
    assert refusal(content) == "TOO_LARGE"


def test_an_archive_of_too_many_files_is_too_large():
    assert refusal(zipped(*[b""] * (MAX_MEMBERS + 1))) == "TOO_LARGE"


def test_an_archive_without_files_is_empty_and_a_cut_one_truncated():
    assert refusal(zipped()) == "EMPTY"
    assert refusal(zipped(b"a" * 1000)[:40]) == "TRUNCATED"
    assert refusal(gzip.compress(b"a" * 1000)[:-4]) == "TRUNCATED"


def test_a_damaged_member_of_any_compression_is_truncated():
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        whole = bytearray(zipped(bytes(range(256)) * 50, method=method))
        whole[45:120] = b"\xff" * 75
        assert refusal(bytes(whole)) == "TRUNCATED"


def test_an_archive_within_an_archive_is_not_opened():
    ((_, inner),) = members(zipped(zipped(b"a")), "x", LIMIT)

    with pytest.raises(Unreadable, match="within"):
        refuse_nested(inner)
