"""The suite of ``ReplyStore``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from variate.stores.access import CLAIM_LASTS, Claim, Reply, ReplyStore
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.samples import ALIKE, TEXTS

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
REPLY = Reply(status=201, headers={"ETag": '"1"', "Location": "/é"}, body=b'{"id":"e-1"}\x00\xff')


class ReplyStoreConformance:
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> ReplyStore:
        raise NotImplementedError("provide a fixture `store`: an empty ReplyStore")

    def test_the_first_claims_and_everybody_else_is_told_of_it(self, store: ReplyStore) -> None:
        first, second = _claim(store), _claim(store, fingerprint="other")
        assert first.token is not None
        assert first == Claim(fingerprint="f", token=first.token, reply=None)
        assert second == Claim(fingerprint="f", token=None, reply=None)

    def test_a_settled_reply_comes_back_as_it_was_given(self, store: ReplyStore) -> None:
        assert store.settle("k", _token(_claim(store)), REPLY)
        assert _claim(store) == Claim(fingerprint="f", token=None, reply=REPLY)

    def test_bodies_of_any_length_come_back(self, store: ReplyStore) -> None:
        for body in (b"", b"x" * 1_000_000):
            reply = Reply(status=204, headers={}, body=body)
            store.settle(f"{len(body)}", _token(_claim(store, f"{len(body)}")), reply)
            assert _claim(store, f"{len(body)}").reply == reply

    def test_any_text_is_a_key_and_those_that_look_alike_are_different(self, store: ReplyStore) -> None:
        tokens = {each: _token(_claim(store, each)) for each in {*TEXTS.values(), *ALIKE}}
        assert all(store.settle(each, token, REPLY) for each, token in tokens.items())
        assert all(_claim(store, each).reply == REPLY for each in tokens)

    def test_of_ten_who_claim_a_key_at_once_one_may_answer(self, store: ReplyStore) -> None:
        claims = together(10, lambda caller: _claim(store, fingerprint=str(caller)))
        mine = [claim for claim in claims if claim.token is not None]
        assert len(mine) == 1
        assert {claim.fingerprint for claim in claims} == {mine[0].fingerprint}

    def test_a_released_key_is_free(self, store: ReplyStore) -> None:
        store.release("k", _token(_claim(store)))
        again = _claim(store, fingerprint="other")
        assert (again.fingerprint, again.token is None) == ("other", False)

    def test_a_settled_one_is_not_released(self, store: ReplyStore) -> None:
        token = _token(_claim(store))
        store.settle("k", token, REPLY)
        store.release("k", token)
        assert _claim(store).reply == REPLY

    def test_one_not_settled_within_a_minute_is_free_again(self, store: ReplyStore) -> None:
        slow = _token(_claim(store))
        assert _claim(store, after=CLAIM_LASTS).token is None
        quick = _token(_claim(store, after=CLAIM_LASTS + MOMENT))
        assert not store.settle("k", slow, Reply(status=500, headers={}, body=b""))
        store.release("k", slow)
        assert store.settle("k", quick, REPLY)
        assert _claim(store).reply == REPLY

    def test_a_claim_that_is_renewed_stands_a_minute_from_then_on(self, store: ReplyStore) -> None:
        token = _token(_claim(store))
        assert store.renew("k", token, at=START + CLAIM_LASTS)
        assert _claim(store, after=2 * CLAIM_LASTS).token is None
        assert _claim(store, after=2 * CLAIM_LASTS + MOMENT).token is not None
        assert not store.renew("k", token, at=START + 2 * CLAIM_LASTS)
        assert _claim(store, after=3 * CLAIM_LASTS + MOMENT).token is None, "another's claim is not renewed"

    def test_what_is_settled_or_released_is_not_renewed(self, store: ReplyStore) -> None:
        token = _token(_claim(store))
        store.settle("k", token, REPLY)
        assert not store.renew("k", token, at=START)
        released = _token(_claim(store, "r"))
        store.release("r", released)
        assert not store.renew("r", released, at=START)
        assert _claim(store, "r").token is not None

    def test_one_settled_late_is_kept_where_nobody_else_claimed_it(self, store: ReplyStore) -> None:
        assert store.settle("k", _token(_claim(store)), REPLY)
        assert _claim(store, after=CLAIM_LASTS * 2).reply == REPLY

    def test_a_reply_is_gone_at_the_moment_it_expires_and_not_before(self, store: ReplyStore) -> None:
        store.settle("k", _token(_claim(store)), REPLY)
        assert _claim(store, after=DAY - MOMENT).reply == REPLY
        again = _claim(store, fingerprint="other", after=DAY)
        assert (again.fingerprint, again.token is None, again.reply) == ("other", False, None)

    def test_nobody_settles_what_was_never_claimed(self, store: ReplyStore) -> None:
        assert not store.settle("k", "token", REPLY)
        store.release("k", "token")
        assert _claim(store).token is not None

    def test_a_purge_deletes_what_expired_before(self, store: ReplyStore) -> None:
        for number in range(3):
            store.settle(f"k{number}", _token(_claim(store, f"k{number}", after=number * DAY)), REPLY)
        assert store.purge(expired_before=START + 2 * DAY) == 1
        assert store.purge(expired_before=START + 2 * DAY) == 0
        assert [_claim(store, f"k{number}").reply for number in (1, 2)] == [REPLY, REPLY]


def _claim(store: ReplyStore, key: str = "k", *, fingerprint: str = "f", after: timedelta = timedelta(0)) -> Claim:
    at = START + after
    return store.claim(key, fingerprint, at=at, expires_at=at + DAY)


def _token(claim: Claim) -> str:
    assert claim.token is not None
    return claim.token
