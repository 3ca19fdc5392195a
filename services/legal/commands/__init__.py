"""What legal can be told to do; one transaction each, none commits."""

from services.legal.commands.filings import approve_filing, prepare_filing, record_filing
from services.legal.commands.letters import (
    Intent,
    Kept,
    note_kept,
    note_no_proof,
    note_posted,
    note_proof,
)
from services.legal.commands.matters import ENDED, ProofWanted, advance, open_matter
from services.legal.commands.office import MATTER, procedures
from services.legal.commands.projections import AccountState, ItemState, take_account, take_item

__all__ = [
    "ENDED",
    "MATTER",
    "AccountState",
    "Intent",
    "ItemState",
    "Kept",
    "ProofWanted",
    "advance",
    "approve_filing",
    "note_kept",
    "note_no_proof",
    "note_posted",
    "note_proof",
    "open_matter",
    "prepare_filing",
    "procedures",
    "record_filing",
    "take_account",
    "take_item",
]
