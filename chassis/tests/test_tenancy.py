"""Units, and the vault: what one unit sealed for one purpose opens for no other."""

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from chassis.tenancy import UnknownUnit, Vault, load_units
from cli.infrastructure import ROOT, make_keys, read_unit_ids


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vault")
    make_keys(folder, ["rheintel", "naniwa"])
    return Vault(folder)


@given(plain=st.binary(max_size=200))
def test_what_is_sealed_is_opened(vault, plain):
    assert vault.open("rheintel", vault.seal("rheintel", plain, "files.content"), "files.content") == plain


def test_equal_texts_are_sealed_differently(vault):
    assert vault.seal("rheintel", b"same", "a") != vault.seal("rheintel", b"same", "a")


@pytest.mark.parametrize(("unit", "purpose"), [("naniwa", "files.content"), ("rheintel", "accounts.sealed"), ("rheintel", "")])
def test_another_unit_or_purpose_opens_nothing(vault, unit, purpose):
    sealed = vault.seal("rheintel", b"DE00 1234", "files.content")
    with pytest.raises(InvalidTag):
        vault.open(unit, sealed, purpose)


@given(place=st.integers(0, 27), bit=st.integers(0, 7))
def test_one_changed_bit_anywhere_opens_nothing(vault, place, bit):
    sealed = bytearray(vault.seal("rheintel", b"", "a"))
    sealed[place] ^= 1 << bit
    with pytest.raises(InvalidTag):
        vault.open("rheintel", bytes(sealed), "a")


@pytest.mark.parametrize("keep", [12, 20, 27])
def test_a_truncated_secret_opens_nothing(vault, keep):
    with pytest.raises(InvalidTag):
        vault.open("rheintel", vault.seal("rheintel", b"", "a")[:keep], "a")


def test_a_blind_index_is_equal_within_a_unit_only_and_does_not_tell_the_text(vault):
    token = vault.blind("rheintel", "DE02120300000000202051")

    assert token == vault.blind("rheintel", "DE02120300000000202051")
    assert token != vault.blind("naniwa", "DE02120300000000202051")
    assert token != vault.blind("rheintel", "DE02120300000000202052")
    assert len(token) == 64


def test_a_unit_without_keys_cannot_seal(vault):
    with pytest.raises(FileNotFoundError):
        vault.seal("hudson", b"x", "a")


def test_units_are_read_and_an_unknown_one_is_refused_by_name():
    units = load_units(ROOT / "samples" / "units.yaml")

    assert sorted(units.by_id) == sorted(read_unit_ids(ROOT / "samples" / "units.yaml"))
    assert units.get("naniwa").currency == "JPY"
    with pytest.raises(UnknownUnit, match="nobody"):
        units.get("nobody")
