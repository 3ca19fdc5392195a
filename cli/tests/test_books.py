"""The audit's comparison: what events under way explain is no difference, everything else is one."""

from uuid import UUID

from chassis.books import BUCKETS, bucket_of, to_books
from cli.books import Books, ids_in
from proto.common.v1.common_pb2 import Book, Money
from proto.payments.v1.events_pb2 import LineDistributed, Slice


class Row:
    def __init__(self, bucket: int, minor: int, book: str = "applied") -> None:
        self.book, self.currency, self.bucket, self.minor = book, "EUR", bucket, minor


def read(**by_keeper: dict[int, int]) -> Books:
    books = Books(["billing", "payments", "collections"])
    for keeper, minors in by_keeper.items():
        for book in to_books("rheintel", [Row(bucket, minor) for bucket, minor in minors.items()]):
            books.add(keeper, book)
    return books


def judged(books: Books, touched: set[int]) -> tuple[int, bool]:
    books.judge(frozenset(touched))
    return books.differences, books.undecided


def test_equal_books_have_no_difference():
    books = read(billing={3: 500, 9: 20}, payments={3: 500, 9: 20})

    assert judged(books, set()) == (0, False)
    (row,) = books.rows([])
    assert row["by_service"] == {"billing": "5.20", "payments": "5.20"}


def test_a_difference_that_no_event_explains_is_one_whatever_else_is_under_way():
    assert judged(read(billing={3: 500, 9: 20}, payments={3: 499, 9: 21}), {9}) == (1, True)


def test_two_errors_that_cancel_out_in_the_total_are_found():
    assert judged(read(billing={3: 500, 9: 20}, payments={3: 480, 9: 40}), set()) == (1, False)


def test_a_bucket_is_judged_by_the_first_reading_that_nothing_touches():
    books = read(billing={3: 500}, payments={})
    assert judged(books, {3}) == (0, True)
    assert books.rows(["payments: events of billing"])[0]["in_flight"] == ["payments: events of billing"]

    books.again(read(billing={3: 500, 7: 1}, payments={3: 500}))
    assert judged(books, {7}) == (0, False), "the seventh was equal before, and is under way now"
    assert books.rows([])[0]["in_flight"] == []


def test_a_bucket_that_stays_different_when_nothing_touches_it_is_a_difference():
    books = read(billing={3: 500}, payments={})
    books.judge(frozenset({3}))
    books.again(read(billing={3: 500}, payments={}))

    assert judged(books, set()) == (1, False)


def test_a_ledger_that_disagrees_with_itself_is_always_a_difference():
    books = read()
    books.add("billing", Book(business_unit="rheintel", book="ledger:on_account", total=Money(minor=1, currency="EUR")))

    assert judged(books, set(range(1, BUCKETS))) == (1, False)
    assert books.rows([])[0]["by_service"] == {"billing": "0.01"}


def test_an_event_names_its_ids_at_any_depth():
    line, item = UUID(int=7), UUID(int=1030)
    event = LineDistributed(line_id=str(line), slices=[Slice(item_id=str(item)), Slice(item_id="")])

    assert [bucket_of(id_) for id_ in ids_in(event)] == [7, 6]
