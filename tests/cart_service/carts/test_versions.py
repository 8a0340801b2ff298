from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.versions import KnownVersions, pack, unpack
from cart_service.changes import ChangeListener

versions = st.tuples(st.integers(0, 2**20), st.integers(0, 2**32 - 1))


@given(versions, versions)
def test_packed_versions_are_ordered_by_cart_then_by_catalogue(one, other) -> None:
    assert (pack(*one) < pack(*other)) == (one < other)
    assert unpack(pack(*one)) == one


def test_a_version_is_known_and_secured_up_to_the_greatest_heard() -> None:
    versions = KnownVersions(10, ChangeListener())
    assert versions.newest("ann") == -1
    versions.secured("ann", 2)
    versions.heard("ann", 4)
    versions.heard("ann", 3)
    assert versions.newest("ann") == 4
    assert versions.is_secured("ann", 2)
    assert not versions.is_secured("ann", 3)
    versions.forget("ann")
    assert versions.newest("ann") == -1


def test_the_owner_heard_of_longest_ago_is_forgotten_first() -> None:
    versions = KnownVersions(2, ChangeListener())
    for owner in ("ann", "bob", "ann", "eve"):
        versions.heard(owner, 1)
    assert [versions.newest(owner) for owner in ("ann", "bob", "eve")] == [1, -1, 1]
