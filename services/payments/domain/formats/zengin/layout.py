"""The byte layouts of Zengin records (全銀協 AP-I-12 別冊, December 2019): name -> first and last byte plus one."""

RECORD_LENGTHS = {"01": 200, "03": 200, "04": 200, "11": 120, "12": 120, "21": 120, "91": 120}

Layout = dict[str, tuple[int, int]]

HEADER_03: Layout = {
    "code": (3, 4),
    "made_on": (4, 10),
    "from_on": (10, 16),
    "to_on": (16, 22),
    "bank": (22, 26),
    "branch": (41, 44),
    "deposit": (62, 63),
    "account": (63, 73),
    "sign": (113, 114),
    "opening": (115, 129),
}
HEADER_01: Layout = {
    "code": (3, 4),
    "made_on": (4, 10),
    "from_on": (10, 16),
    "to_on": (16, 22),
    "bank": (22, 26),
    "branch": (41, 44),
    "deposit": (59, 60),
    "account": (60, 67),
}
# Ordinary, current and savings deposits (預金種目 1, 2, 4).
DATA_03: Layout = {
    "reference": (1, 9),
    "booked_on": (9, 15),
    "value_on": (15, 21),
    "direction": (21, 22),
    "kind": (22, 24),
    "amount": (24, 36),
    "payer_code": (71, 81),
    "payer": (81, 129),
    "contract": (81, 101),
    "text": (159, 179),
    "edi": (179, 199),
}
# Notice, time and instalment deposits (預金種目 5, 6, 7): no payer, the text stands elsewhere.
DATA_03_TIME: Layout = {
    "reference": (1, 9),
    "booked_on": (9, 15),
    "value_on": (15, 21),
    "direction": (21, 22),
    "kind": (22, 24),
    "amount": (24, 36),
    "text": (170, 190),
}
TRAILER_03: Layout = {
    "credit_count": (1, 7),
    "credit_sum": (7, 20),
    "debit_count": (20, 26),
    "debit_sum": (26, 39),
    "sign": (39, 40),
    "closing": (40, 54),
    "records": (54, 61),
}
END_03: Layout = {"records": (1, 11), "accounts": (11, 16)}

DATA_01_A: Layout = {
    "reference": (1, 7),
    "booked_on": (7, 13),
    "value_on": (13, 19),
    "amount": (19, 29),
    "payer_code": (39, 49),
    "payer": (49, 97),
    "cancelled": (127, 128),
    "edi": (128, 148),
}
# Format B has a second amount for more than ten digits, and its EDI text behind it.
DATA_01_B: Layout = {**DATA_01_A, "large_amount": (128, 140), "edi": (152, 172)}
TRAILER_01: Layout = {
    "credit_count": (1, 7),
    "credit_sum": (7, 19),
    "debit_count": (19, 25),
    "debit_sum": (25, 37),
}

# Where format B has two amounts (digits) and format A the end of its EDI text and blanks.
AMOUNTS_01_B = (128, 152)
EDI_ONLY_01_B = (152, 172)

# Direct debits (91): the trailer's counts of paid and unpaid tell a result from a request.
RESULT_COUNTS_91 = (19, 55)
