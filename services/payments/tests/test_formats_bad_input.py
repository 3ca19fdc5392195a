"""Whatever the bytes are: a file, or Unreadable with a code of the contract; never anything else."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from time import process_time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.archive import members
from kernel.errors import Unreadable
from services.payments.domain.formats import BankCsv, File, identities, payments, read, to_json

FIXTURES = Path(__file__).parent / "fixtures"
CAMT = (FIXTURES / "camt053.xml").read_bytes()
BAI2 = (FIXTURES / "statement.bai2").read_bytes()
ZENGIN = b"".join([b"1030" + b"080602080601080601" + b"9991".ljust(36) + b"00010007654321".ljust(54) + b"10" + b"0" * 14]).ljust(200)
# One small file of each format; the long campaign (tools/fuzz.py) starts from the same ones.
SEEDS = [path.read_bytes() for path in sorted(FIXTURES.iterdir()) if path.is_file()] + [ZENGIN]
PROFILES = [
    BankCsv.from_mapping(path.stem, yaml.safe_load(path.read_text("utf-8")))
    for path in sorted((FIXTURES.parents[1] / "policies" / "bank_csv").glob("deutsche*.yaml"))
]
CODES = {"UNKNOWN_FORMAT", "TRUNCATED", "ENCODING", "NOT_A_NUMBER", "UNSAFE_XML", "TOO_LARGE", "EMPTY"}

FRAGMENTS = st.sampled_from(
    [
        *(b"16,", b"88,", b"49,", b"/", b",", b"\n", b"\r", b"03,1,USD,", b"<Ntry>", b"</Ntry>", b"<!DOCTYPE a>", b"\x00", b"\xff\xfe"),
        *(b"\x1a", b":61:", b":86:", b":62F:", b"-\n", b"<STMTTRN>", b"</OFX>", b"<TRNAMT>", b"?20", b";", b'"', b"9" * 50, b"\r\n"),
    ]
)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def read_or_code(content: bytes) -> File | str:
    try:
        return read(content, profiles=PROFILES)
    except Unreadable as refusal:
        return refusal.code


def survives(content: bytes) -> None:
    file = read_or_code(content)
    if isinstance(file, str):
        assert file in CODES
        return
    json.dumps(to_json(file))
    for statement in file.statements:
        assert len(identities(statement)) == len(list(payments(statement)))
        assert all(entry.transactions for entry in statement.entries)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_read_or_refused(content: bytes):
    survives(content)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_a_file_with_a_damaged_place_is_read_or_refused(content: bytes, data: st.DataObject):
    place = data.draw(st.integers(0, len(content)))
    instead = data.draw(st.one_of(st.binary(max_size=8), FRAGMENTS))
    gone = data.draw(st.integers(0, 60))

    survives(content[:place] + instead + content[place + gone :])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(FRAGMENTS, st.binary(max_size=6)), max_size=30))
def test_fragments_behind_a_header_are_read_or_refused(parts: list[bytes]):
    for beginning in (
        b"01,S,R,260602,0600,1,,,2/\n02,R,S,1,260601,,USD,2/\n",
        b"<Document>",
        ZENGIN + b"\n",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
    ):
        survives(beginning + b"".join(parts))


@pytest.mark.parametrize("whole", [CAMT, BAI2])
def test_a_file_cut_anywhere_is_refused_or_has_lost_nothing(whole: bytes):
    for cut in range(1, len(whole), 3):
        file = read_or_code(whole[:cut])
        # Only the closing mark itself may be missing.
        assert file in CODES if isinstance(file, str) else file.statements == read(whole).statements


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b" \r\n\x1a", "EMPTY"),
        (b"\xef\xbb\xbf", "EMPTY"),
        (b"hello", "UNKNOWN_FORMAT"),
        (b"%PDF-1.7", "UNKNOWN_FORMAT"),
        ("01,S,R,260602,".encode("utf-16"), "ENCODING"),
        (zipped({}), "EMPTY"),
        (zipped({"a.xml": CAMT})[:200], "TRUNCATED"),
        (gzip.compress(CAMT)[:100], "TRUNCATED"),
        (zipped({"a.zip": zipped({"b.xml": CAMT})}), "UNKNOWN_FORMAT"),
    ],
)
def test_what_is_no_bank_file_is_refused_by_code(content: bytes, code: str):
    with pytest.raises(Unreadable) as refusal:
        read(content)

    assert refusal.value.code == code


def test_the_name_never_decides_the_format():
    assert read(CAMT, "statement.bai2").format == "camt.053.001.08"
    assert read(BAI2, "camt.xml").format == "bai2"


def test_only_the_format_that_was_asked_for_is_read():
    assert read(BAI2, only="bai2").format == "bai2"
    with pytest.raises(Unreadable):
        read(BAI2, only="camt")


def test_an_archive_gives_the_statements_of_all_members_and_names_the_bad_one():
    file = read(zipped({"1.xml": CAMT, "__MACOSX/1.xml": b"x", "2.txt": BAI2}))

    assert file.format == "camt.053.001.08+bai2"
    assert len(file.statements) == 3
    assert read(gzip.compress(CAMT), "a.xml.gz") == read(CAMT)
    with pytest.raises(Unreadable) as refusal:
        read(zipped({"1.xml": CAMT, "notes.txt": b"hello"}))
    assert refusal.value.details["file"] == "notes.txt"


@pytest.mark.parametrize("bomb", [zipped({"a": b"0" * 50_000, "b": b"0" * 60_000}), gzip.compress(b"0" * 110_000)])
def test_an_archive_that_grows_beyond_the_limit_is_refused(bomb: bytes):
    with pytest.raises(Unreadable) as refusal:
        members(bomb, "bomb", 100_000)

    assert refusal.value.code == "TOO_LARGE"


def test_an_archive_of_too_many_files_is_refused():
    with pytest.raises(Unreadable) as refusal:
        members(zipped({f"{number}.xml": b"x" for number in range(1001)}), "many", 100_000)

    assert refusal.value.code == "TOO_LARGE"


def test_a_file_with_a_warning_on_every_line_says_so_and_stays_short():
    details = b"".join(b"16,142,-%d,Z,,,A/\n" % number for number in range(2000))
    file = read(b"01,S,R,260602,0600,1,,,2/\n02,R,S,1,260601,,USD,2/\n03,1,USD,/\n" + details + b"49,,/\n98,,/\n99,,/\n")

    assert len(file.statements[0].entries) == 2000
    assert len(file.warnings) == 501
    assert "not listed" in file.warnings[-1]


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_every_seed_is_read_whole_and_cut_anywhere_it_is_read_or_refused(seed: int):
    content = SEEDS[seed]

    if content != ZENGIN:
        assert isinstance(read_or_code(content), File)
    for end in range(0, len(content), max(1, len(content) // 60)):
        survives(content[:end])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<!DOCTYPE html><html><body>Please sign in</body></html>", "UNKNOWN_FORMAT"),
        (b"<html><head></head><body>Session expired</body></html>", "UNKNOWN_FORMAT"),
        ((FIXTURES / "statement.sta").read_bytes().decode().encode("utf-16"), "ENCODING"),
        ((FIXTURES / "statement.csv").read_bytes().decode().encode("utf-16"), "ENCODING"),
        ((FIXTURES / "statement.sta").read_bytes().replace(b"RE-2026", b"RE\x00"), "ENCODING"),
        (b"%PDF-1.7\n", "UNKNOWN_FORMAT"),
        (b'{"statements": []}', "UNKNOWN_FORMAT"),
    ],
)
def test_what_is_delivered_instead_of_a_file_is_refused(content: bytes, code: str):
    assert read_or_code(content) == code


@pytest.mark.parametrize("line", [b":86:", b"<NAME>", b"88,", b"01.09.2026;", b'"1","03",', b"<Ustrd>"])
def test_a_line_of_many_megabytes_is_read_or_refused_in_bounded_time(line: bytes):
    start = process_time()
    for seed in SEEDS[:3]:
        survives(seed[: len(seed) // 2] + b"\n" + line + b"A" * 3_000_000 + b"\n" + seed[len(seed) // 2 :])

    assert process_time() - start < 9  # a second for a megabyte
