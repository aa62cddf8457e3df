"""Test the part of a ledger's contract that is about leases; see ledger.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from okrsync.errors import Busy
from okrsync.ports import Ledger


@dataclass(frozen=True, kw_only=True)
class LedgerCase:
    """``open`` opens one more ledger on a database that is the test's own and was empty when it began.

    ``lapsing`` opens one whose leases end the moment they are taken, as those of a frozen holder would have; None
    if a ledger cannot be made so. What is opened is closed by the fixture.
    """

    open: Callable[[], Ledger]
    lapsing: Callable[[], Ledger] | None = None


class LeaseContract:
    """Use it through ``LedgerContract``."""

    def test_one_holder_at_a_time(self, case: LedgerCase) -> None:
        one, two = case.open(), case.open()
        with one.hold("acme") as lease:
            lease.renew()
            for ledger in (one, two):
                with pytest.raises(Busy, match="acme is held by") as caught, ledger.hold("acme"):
                    pass
                assert caught.value.hint
            lease.renew()
            with two.hold("other"):
                lease.renew()
        with two.hold("acme") as lease:
            lease.renew()

    def test_a_lease_is_given_back_whatever_happens(self, case: LedgerCase) -> None:
        one, two = case.open(), case.open()
        with pytest.raises(KeyboardInterrupt), one.hold("acme"):
            raise KeyboardInterrupt
        with two.hold("acme"):
            pass

    def test_a_lease_cannot_be_renewed_when_it_was_given_back(self, case: LedgerCase) -> None:
        with case.open().hold("acme") as lease:
            pass
        with pytest.raises(Busy):
            lease.renew()
        with case.open().hold("acme"):
            pass

    def test_a_holder_that_was_overtaken_learns_it(self, case: LedgerCase) -> None:
        if case.lapsing is None:
            return
        with case.lapsing().hold("acme") as slow:
            slow.renew()
            with case.open().hold("acme") as quick:
                with pytest.raises(Busy, match="acme was taken over by"):
                    slow.renew()
                quick.renew()
            with pytest.raises(Busy):
                slow.renew()

    def test_the_end_of_an_overtaken_holder_disturbs_nobody(self, case: LedgerCase) -> None:
        if case.lapsing is None:
            return
        slow = case.lapsing().hold("acme")
        slow.__enter__()
        with case.open().hold("acme") as quick:
            slow.__exit__(None, None, None)
            quick.renew()
            with pytest.raises(Busy), case.open().hold("acme"):
                pass
