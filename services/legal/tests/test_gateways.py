"""The post office, file and null, against one protocol; and the letter in three languages."""

import hashlib
import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import yaml

from chassis.documents import render_pdf
from conftest import UNITS
from kernel.errors import Unreadable
from kernel.money import Money
from services.legal.activities import TEMPLATES
from services.legal.commands import procedures
from services.legal.domain import Claim, Debtor, Line, Sender, letter_data, tracking_number
from services.legal.gateways import MAX_PROOF_BYTES, FilePost, Letter, NullPost, PostOffice

LETTER = Letter("rheintel", "RR000000014DE", UUID(int=7), date(2026, 8, 3), b"%PDF-1", {"cash_version": 3})
PROOF = b'{"delivered_on": "2026-08-05", "outcome": "delivered"}'
CREDITORS = {"DE": "rheintel", "JP": "naniwa", "US-NY": "hudson"}


@pytest.fixture(params=["file", "null"])
def post(request, tmp_path):
    """A post office, and how something is put into its in-tray."""
    if request.param == "null":
        null = NullPost()
        return null, lambda content: null.proofs.update({("rheintel", LETTER.tracking_number): content})
    folder = tmp_path / "in" / "rheintel"
    folder.mkdir(parents=True)
    return FilePost(tmp_path), (folder / f"{LETTER.tracking_number}.json").write_bytes


def test_a_letter_is_posted_once_however_often_it_is_handed_in(post):
    office: PostOffice = post[0]
    assert office.receipt("rheintel", LETTER.tracking_number) is None

    first = office.hand_in(LETTER)
    again = office.hand_in(Letter("rheintel", LETTER.tracking_number, UUID(int=7), date(2026, 8, 4), b"%PDF-2", {}))

    assert first == again == office.receipt("rheintel", LETTER.tracking_number)
    assert (first.posted_on, first.document, first.answers) == (LETTER.posted_on, LETTER.document, LETTER.answers)
    assert first.sha256 == hashlib.sha256(LETTER.document).hexdigest()
    assert office.receipt("hudson", LETTER.tracking_number) is None


def test_a_proof_is_given_as_it_came(post):
    office, put = post
    assert office.proof("rheintel", LETTER.tracking_number) is None

    put(PROOF)

    proof = office.proof("rheintel", LETTER.tracking_number)
    assert (proof.delivered_on, proof.outcome, proof.content) == (date(2026, 8, 5), "delivered", PROOF)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "INVALID"),
        (b"\xff\xfe", "INVALID"),
        (b"[]", "INVALID"),
        (b'{"delivered_on": 5, "outcome": "delivered"}', "INVALID"),
        (b'{"delivered_on": "2026-02-30", "outcome": "delivered"}', "INVALID"),
        (b'{"delivered_on": "2026-08-05", "outcome": "lost"}', "INVALID"),
        (b"[" * 100_000, "INVALID"),
        (b" " * (MAX_PROOF_BYTES + 1), "TOO_LARGE"),
    ],
)
def test_what_is_no_proof_is_said_to_be_unreadable(post, content, code):
    office, put = post
    put(content)

    with pytest.raises(Unreadable) as refused:
        office.proof("rheintel", LETTER.tracking_number)
    assert refused.value.code == code


def test_a_crash_between_letter_and_note_keeps_the_letter_that_lies_there(tmp_path):
    folder = tmp_path / "out" / "rheintel"
    folder.mkdir(parents=True)
    (folder / f"{LETTER.tracking_number}.pdf").write_bytes(b"%PDF-0")

    receipt = FilePost(tmp_path).hand_in(LETTER)

    assert receipt.sha256 == hashlib.sha256(b"%PDF-0").hexdigest()
    assert json.loads((folder / f"{LETTER.tracking_number}.json").read_bytes()) == {
        "matter_id": str(LETTER.matter_id),
        "posted_on": "2026-08-03",
        "sha256": receipt.sha256,
        "answers": {"cash_version": 3},
    }
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".pdf"]


@pytest.mark.parametrize("pack", procedures(), ids=lambda pack: pack.name)
def test_the_claim_letter_renders_in_the_language_of_its_procedure(pack):
    unit = yaml.safe_load(UNITS.read_text("utf-8"))["units"][CREDITORS[pack.name]]
    sender = unit["notifications"]
    due_on, currency = date(2026, 7, 1), unit["currency"]
    claim = Claim([Line(f"R-{n}", date(2026, 6, 1), due_on, Money(9990 * n - 20_000, currency)) for n in range(1, 40)], currency)
    data = letter_data(
        pack,
        Sender(sender["sender_name"], sender["address"], unit["payments"]["bank_accounts"][0]["shown"]),
        Debtor("山田電機 Ümläut & #Co.", ["#let x = 1", "*12345* $Ort$"], "K-1", True),
        claim,
        tracking_number(pack, 1),
        date(2026, 8, 3),
    )

    template, at = TEMPLATES / f"claim_letter.{pack.letter_language}.typ", datetime(2026, 8, 3, tzinfo=UTC)
    document = render_pdf(template, data, at)

    assert document.startswith(b"%PDF-")
    assert document == render_pdf(template, data, at)
    assert len(data["rows"]) == 39
