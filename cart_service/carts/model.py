"""The cart: an immutable value. Each operation gives a new cart, or the same object if nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from cart_service.carts.differences import (
    FieldDifference,
    WriteDifferences,
    differences_of_write,
    field_differences,
)
from cart_service.carts.errors import IdempotencyKeyReused, NothingToUndo, NotInCart
from cart_service.carts.lines import Lines, quantity_in, together, with_line, with_quantity, without
from cart_service.carts.records import REMEMBERED_KEYS, REMEMBERED_MERGES, MergeRecord, PendingMerge, UsedKey
from cart_service.carts.undo import Undo, Undoable, changed_lines
from shared.clock import from_rfc3339

REMEMBERED_WRITES = 20
"""Last writes whose differences a cart can name, and lines that each of them may touch."""

_VERSIONS_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class OwnerKind(StrEnum):
    """Only one browser knows a guest, so a guest's cart is kept for a shorter time."""

    GUEST = "guest"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Cart:
    """`version` is 0 before the first write, and grows with each write that changes what clients see.

    `lines` are to be bought, `saved` are for later. `used_keys` are the last accepted idempotency keys, the
    oldest first. `recent` holds for each of the last versions the former values of what its write changed;
    `recent[-1]` belongs to `version`. `pending_merge` is set in a guest's cart that was merged; `merges` are
    the last merges into this cart, the oldest first. `promo_turn` is the turn with which the `promo_code` was
    reserved. Only `next_turn` can bring another code, so a late one stays out (see `Claim`).
    """

    owner: str
    version: int = 0
    lines: Lines = field(default_factory=dict)
    saved: Lines = field(default_factory=dict)
    promo_code: str | None = None
    promo_turn: int = 0
    next_turn: int = 0
    updated_at: str | None = None
    expires_at: str | None = None
    owner_kind: OwnerKind = OwnerKind.USER
    used_keys: tuple[UsedKey, ...] = ()
    recent: tuple[WriteDifferences, ...] = ()
    undo: Undo | None = None
    merges: tuple[MergeRecord, ...] = ()
    pending_merge: PendingMerge | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it holds no line that its owner or an unfinished merge needs."""
        is_merging = self.pending_merge is not None and not self.pending_merge.is_done
        return not (self.lines or self.saved or is_merging)

    def quantity_of(self, product_id: str) -> int:
        """0 if the product is not in the cart."""
        return quantity_in(self.lines, product_id)

    def add(self, product_id: str, quantity: int, unit_price: int, at: str) -> Cart:
        """Adds pieces at this price. Present pieces keep theirs. Raises `LineLimitReached`, `CartFull`."""
        return self.set(product_id, self.quantity_of(product_id) + quantity, unit_price, at)

    def set(self, product_id: str, quantity: int, unit_price: int, at: str) -> Cart:
        """Sets the line's quantity; 0 removes it. Further pieces have this price. Of fewer, those added last
        go first. Raises `LineLimitReached`, `CartFull`."""
        return self._with(with_quantity(self.lines, product_id, quantity, unit_price, at))

    def remove(self, product_id: str) -> Cart:
        """Removes the line, if it is there."""
        return self._with(without(self.lines, product_id))

    def clear(self) -> Cart:
        """Removes every line. Lines saved for later stay."""
        return self._with({}) if self.lines else self

    def save(self, product_id: str) -> Cart:
        """Moves the line to those saved for later. Raises `NotInCart`, `LineLimitReached`, `CartFull`."""
        return self._moved(product_id, self.lines, self.saved, saving=True)

    def restore(self, product_id: str) -> Cart:
        """Moves the line back from those saved for later. Raises as `save` does."""
        return self._moved(product_id, self.saved, self.lines, saving=False)

    def discard(self, product_id: str) -> Cart:
        """Removes the line from those saved for later, if it is there."""
        saved = without(self.saved, product_id)
        return self if saved is self.saved else replace(self, saved=saved)

    def with_promo_code(self, code: str, turn: int) -> Cart:
        """The cart with this code instead of any other. It uses up the turn."""
        return replace(self, promo_code=code, promo_turn=turn, next_turn=turn + 1)

    def without_promo_code(self) -> Cart:
        """The cart without a code."""
        return replace(self, promo_code=None, promo_turn=0) if self.promo_code else self

    def with_turns(self, at: str) -> Cart:
        """The cart with a turn with which a code can come."""
        return self if self.next_turn else replace(self, next_turn=_first_turn(at))

    def past_turn(self, turn: int) -> Cart:
        """The cart that takes no code with this turn or an earlier one."""
        return replace(self, next_turn=turn + 1) if 0 < self.next_turn <= turn else self

    def undo_last(self, at: str) -> Cart:
        """The cart without the write of the last clear, removal or merge, and without the promo code that it
        brought. Raises `NothingToUndo`, `CartFull`."""
        if self.undo is None:
            raise NothingToUndo("There is no clear, removal or merge to undo.")
        undo = self.undo
        undo.require_open(from_rfc3339(at))
        lines, saved = undo.undo(self.lines, self.saved)
        brought_code = undo.promo_turn and undo.promo_turn == self.promo_turn
        return replace(
            self.without_promo_code() if brought_code else self,
            lines=lines,
            saved=saved,
            undo=None,
            merges=tuple(
                replace(merge, is_undone=True) if merge.merge_id == undo.merge_id else merge
                for merge in self.merges
            ),
        )

    def undoable_as(self, operation: Undoable, at: str, before: Cart) -> Cart:
        """This cart, which a write made of `before`, with what undoes the write, if its lines differ."""
        lines, saved = changed_lines(before.lines, self.lines), changed_lines(before.saved, self.saved)
        return replace(self, undo=Undo(operation, at, lines, saved)) if lines or saved else self

    def with_pending_merge(self, pending: PendingMerge) -> Cart:
        """A guest's cart after everything in it, with the promo code, moved into the pending merge."""
        return replace(self.without_promo_code(), lines={}, saved={}, pending_merge=pending)

    def merged(self, record: MergeRecord, before: Cart) -> Cart:
        """This cart, which a merge made of `before`, with the record of the merge."""
        after = self.undoable_as(Undoable.MERGE, record.at, before)
        if after is not self and after.undo is not None:
            after = replace(after, undo=replace(after.undo, merge_id=record.merge_id))
        earlier = tuple(replace(merge, report=()) for merge in self.merges)
        return replace(after, merges=(*earlier, record)[-REMEMBERED_MERGES:])

    def with_merged_code(self, merge_id: str) -> Cart:
        """This cart, whose promo code came with the merge. Undoing the merge removes the code as well, unless
        a later removal is undone first."""
        merge, undo = self.find_merge(merge_id), self.undo
        if merge is None or (undo and undo.merge_id != merge_id and undo.at >= merge.at):
            return self
        if undo is None or undo.merge_id != merge_id:
            undo = Undo(Undoable.MERGE, merge.at, merge_id=merge_id)
        return replace(self, undo=replace(undo, promo_turn=self.promo_turn))

    def find_merge(self, merge_id: str) -> MergeRecord | None:
        return next((merge for merge in self.merges if merge.merge_id == merge_id), None)

    def after(self, before: Cart, at: str) -> Cart:
        """This cart as the next version of `before`. If clients see no difference it keeps the version; if
        there is none at all it is `before` itself."""
        found = differences_of_write(before, self)
        if not found:
            return before if self._remembers_as(before) else self
        recent = (*before.recent, found)[-REMEMBERED_WRITES:] if len(found) <= REMEMBERED_WRITES else ()
        after = replace(self, version=_next_version(before, at), updated_at=at, recent=recent)
        return after.with_turns(at)

    def has_used(self, key: str, fingerprint: str) -> bool:
        """Whether this request was accepted before. Raises `IdempotencyKeyReused` if the key came with
        another one."""
        used = next((used for used in self.used_keys if used.key == key), None)
        if used is not None and used.fingerprint != fingerprint:
            raise IdempotencyKeyReused(
                f"The Idempotency-Key {key!r} came with another request before. Use a fresh key."
            )
        return used is not None

    def with_key(self, key: str, fingerprint: str) -> Cart:
        """The cart with one more accepted key, without the oldest beyond `REMEMBERED_KEYS`."""
        used_keys = (*self.used_keys, UsedKey(key, fingerprint))[-REMEMBERED_KEYS:]
        return replace(self, used_keys=used_keys)

    def differences_since(self, version: int) -> tuple[FieldDifference, ...] | None:
        """What differs between that version and this one; None if that version is unknown. Nothing if every
        change was changed back."""
        if version == 0:
            return tuple(field_differences([differences_of_write(Cart(self.owner), self)], self))
        behind = self.version - version
        if not 0 <= behind <= len(self.recent):
            return None
        return tuple(field_differences(self.recent[len(self.recent) - behind :], self))

    def _with(self, lines: Lines) -> Cart:
        return self if lines is self.lines else replace(self, lines=lines)

    def _moved(self, product_id: str, source: Lines, target: Lines, *, saving: bool) -> Cart:
        line = source.get(product_id)
        if line is None:
            raise NotInCart(product_id, saved=not saving)
        target = with_line(target, together(target.get(product_id), line))
        source = without(source, product_id)
        lines, saved = (source, target) if saving else (target, source)
        return replace(self, lines=lines, saved=saved)

    def _remembers_as(self, before: Cart) -> bool:
        mine = (self.undo, self.merges, self.pending_merge, self.next_turn, self.used_keys)
        return mine == (before.undo, before.merges, before.pending_merge, before.next_turn, before.used_keys)


def _next_version(before: Cart, at: str) -> int:
    """Begins at the seconds since 2026. So a cart that follows an expired one has greater versions than that
    one, which caches and clients may still know."""
    if before.version:
        return before.version + 1
    return max(1, int((from_rfc3339(at) - _VERSIONS_BEGIN).total_seconds()))


def _first_turn(at: str) -> int:
    """Begins at the milliseconds since 2026, above the turns of the owner's earlier carts."""
    return max(1, int((from_rfc3339(at) - _VERSIONS_BEGIN).total_seconds() * 1000))
