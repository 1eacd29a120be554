"""The suite of announcements passes on what is obviously right, and finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.testing import faults_of_announcements as faults
from tests.unit.testing.reference_announcements import ReferenceAnnouncements
from variate.testing.conformance import AnnouncementsConformance
from variate.testing.conformance.announcements import LONG_TEXTS


class TestAnnouncements(AnnouncementsConformance):
    @pytest.fixture
    def store(self) -> ReferenceAnnouncements:
        return ReferenceAnnouncements()


suite = AnnouncementsConformance()

FOUND: dict[str, Callable[[], None]] = {
    "a message is told twice": lambda: suite.test_what_is_announced_is_heard_once(faults.TellsTwice()),
    "the newest comes first": (
        lambda: suite.test_a_hundred_are_heard_in_the_order_they_were_announced_in(faults.TellsTheNewestFirst())
    ),
    "one of those who listen is told": (
        lambda: suite.test_everybody_who_listens_hears_everything(faults.ListensOnceForAll())
    ),
    "what was said before is told": (
        lambda: suite.test_with_nobody_listening_it_is_said_to_nobody(faults.KeepsWhatWasSaidBefore())
    ),
    "who begins later is told all": (
        lambda: suite.test_who_begins_later_hears_what_comes_later(faults.KeepsWhatWasSaidBefore())
    ),
    "listening begins when first asked": (
        lambda: suite.test_what_is_announced_is_heard_once(faults.BeginsWhenFirstAsked())
    ),
    "channels are normalised": lambda: suite.test_other_channels_are_not_heard(faults.TakesAlikeChannelsForOne()),
    "channels are patterns": lambda: suite.test_other_channels_are_not_heard(faults.TakesChannelsForPatterns()),
    "long text is cut": (
        lambda: suite.test_64_kb_are_heard_as_they_were_given(faults.CutsLongText(), LONG_TEXTS["64 KB"])
    ),
    "empty text is nothing": lambda: suite.test_empty_text_is_a_message(faults.TakesEmptyForNothing()),
    "a timeout is taken for a loss": (
        lambda: suite.test_where_nothing_is_announced_next_is_none_in_its_time_and_goes_on_listening(
            faults.StopsWhenNothingCame()
        )
    ),
    "next does not wait its time": (
        lambda: suite.test_where_nothing_is_announced_next_is_none_in_its_time_and_goes_on_listening(
            faults.DoesNotWait()
        )
    ),
    "who waits is not told": lambda: suite.test_who_waits_is_told_at_once(faults.DoesNotWait()),
    "closing wakes nobody": lambda: suite.test_closing_wakes_who_waits(faults.ClosesInSilence()),
    "closing wakes one of those who wait": lambda: suite.test_closing_wakes_all_who_wait(faults.WakesOneOfThem()),
    "a closed one is told": (
        lambda: suite.test_a_closed_one_says_nothing_more_and_does_not_wait(faults.SpeaksAfterItsEnd())
    ),
    "a closed one waits": (
        lambda: suite.test_a_closed_one_says_nothing_more_and_does_not_wait(faults.WaitsAfterItsEnd())
    ),
    "one that closes takes the others along": (
        lambda: suite.test_closing_may_be_repeated_and_the_others_go_on_listening(faults.ListensOnceForAll())
    ),
    "a message goes to several who ask": (
        lambda: suite.test_of_several_who_ask_one_subscription_each_message_goes_to_one(faults.TellsAllWhoAsk())
    ),
    "what is announced at once is lost": (
        lambda: suite.test_of_twenty_who_announce_at_once_nothing_is_lost_and_each_is_heard_in_order(
            faults.LosesWhatIsAnnouncedAtOnce()
        )
    ),
    "what is refused is told": (
        lambda: suite.test_a_text_that_is_none_is_refused_and_not_heard(faults.RefusesWhatItHasTold(), "k" * 65_537)
    ),
}


@pytest.mark.parametrize("fault", list(FOUND))
def test_the_suite_finds_it(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a faulty one never says is awaited this long, and the threads it leaves waiting end after ten times that.
    monkeypatch.setattr("variate.testing.conformance.announcements.PATIENCE", 0.2)
    with pytest.raises(AssertionError):
        FOUND[fault]()
