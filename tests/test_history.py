"""The checker of histories finds what it is there to find."""

import pytest

from tests.history import Call, violations

OK, LOST, REFUSED = Call(1, "a", 10, "ok"), Call(1, "b", 20, "unknown"), Call(2, "c", 30, "fail")


@pytest.mark.parametrize("final", [[("a", 10)], [("a", 10), ("b", 20)]])
def test_an_unknown_answer_may_have_had_its_effect_or_not(final):
    assert violations([OK, LOST, REFUSED], final) == []


@pytest.mark.parametrize(
    ("final", "violation"),
    [
        ([], "a was acknowledged and is lost"),
        ([("a", 10), ("c", 30)], "c was refused and is there"),
        ([("a", 10), ("a", 10)], "a is there 2 times"),
        ([("a", 10), ("d", 1)], "d is there and nobody sent it"),
        ([("a", 11)], "a is 11 and was 10"),
    ],
)
def test_what_must_not_be_is_named(final, violation):
    assert violations([OK, LOST, REFUSED], final) == [violation]


def test_a_key_that_was_refused_once_and_accepted_once_may_be_there():
    assert violations([OK, Call(2, "a", 10, "fail")], [("a", 10)]) == []
