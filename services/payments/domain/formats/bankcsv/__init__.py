"""Reads bank CSV by profile; a file that no profile fits is answered with a proposed one."""

from services.payments.domain.formats.bankcsv.profile import BankCsv
from services.payments.domain.formats.bankcsv.reader import looks_like_csv, read

__all__ = ["BankCsv", "looks_like_csv", "read"]
