"""The publisher: brings the definitions into force as a snapshot, in every environment that is served."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from variate.errors import ConflictError, NotFoundError, StoreUnavailableError, VariateError
from variate.model.rules import check_name, shown
from variate.model.snapshot import (
    Publication,
    PublicationKind,
    Snapshot,
    check_digest,
    check_environment,
    check_sequence,
)
from variate.publishing.building import Builder, Built, Problem
from variate.publishing.catalogue import Catalogue, Definitions
from variate.publishing.content import reading_ledgers
from variate.stores.ports import Announcements, SnapshotStore

_ATTEMPTS = 20

logger = logging.getLogger("variate.publishing")


def channel(environment: str) -> str:
    """Return the channel on which the publications of an environment are announced."""
    return f"snapshots:{environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What is in force, and what was held back from it. ``held`` where a rollback keeps changes from being served."""

    publication: Publication
    problems: Sequence[Problem] = ()
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Publishes snapshots to ``store`` and announces each. ``environments`` are all that may be served from it.

    Raise ``StoreUnavailableError`` where a store is away; then what was in force stays in force. So it does where
    something has to be held back and the snapshot in force, which has what would stay of it, cannot be read.
    """

    catalogue: Catalogue
    store: SnapshotStore
    announcements: Announcements
    environments: Sequence[str]
    clock: Callable[[], datetime]
    actor: str
    _builders: dict[str, Builder] = field(default_factory=dict)
    _publishing: threading.Lock = field(default_factory=threading.Lock)

    def publish_changes(self) -> bool:
        """Bring what was changed into force in every environment in which anybody ever decided.

        Return whether there is one. An environment at a rollback stays there until somebody publishes on purpose. Where
        one cannot be published, the others are, and then what is wrong with the first such one is raised.
        """
        errors: list[VariateError] = []
        with self._publishing:
            in_force = {each: self.store.latest(each) for each in self.environments}
            served = {each: latest for each, latest in in_force.items() if latest is not None}
            read = cache(self.catalogue.read)
            for each, latest in served.items():
                try:
                    self._publish_newest(each, latest, read, actor=self.actor, reason="", on_purpose=False)
                except StoreUnavailableError:
                    raise
                except VariateError as error:
                    logger.warning("nothing was published in %s: %s", each, error)
                    errors.append(error)
        if errors:
            raise errors[0]
        return bool(served)

    def first_publication(self, environment: str) -> Publication:
        """Return what is in force; publish where nothing ever was."""
        latest = self.store.latest(environment)
        if latest is not None:
            return latest
        self._publish(environment, actor=self.actor, reason="", on_purpose=False)
        # Again: who made a change while the first was built saw that nothing was served yet, and published nothing.
        return self._publish(environment, actor=self.actor, reason="", on_purpose=False).publication

    def problems(self, environment: str) -> Sequence[Problem]:
        """Return what would be held back if the definitions were published now. Nothing is published."""
        latest = self.store.latest(check_environment("environment", environment))
        return Builder(environment).build(self.catalogue.read(), before=partial(self._in_force, latest)).problems

    def publish(self, environment: str, *, actor: str | None = None, reason: str = "") -> Published:
        """Bring the definitions as they are now into force, also after a rollback.

        Where they are in force already, their snapshot is stored anew: it may have been damaged.
        """
        check_environment("environment", environment)
        return self._publish(environment, actor=self._named(actor), reason=reason, on_purpose=True)

    def rollback(self, environment: str, *, to: int | str, actor: str | None = None, reason: str = "") -> Publication:
        """Bring an older snapshot into force again: ``to`` is its publication's sequence, or its digest.

        An experiment that shares units out otherwise there than it does now, is of another version or is not there any
        more reads its ledger, so that nobody who was assigned since in that version moves: the digest is then one of
        its own. From then on changes are kept but not served, until ``publish`` is called.

        Raise ``NotFoundError`` where the environment has no such publication or snapshot, or it was purged.
        """
        check_environment("environment", environment)
        digest = self._digest_of(environment, to)
        older = self.store.get(digest)
        content = None if older is None else older.content
        if content is None or content.get("environment") != environment:
            raise NotFoundError("snapshot", digest)
        named = self._named(actor)
        for _ in range(_ATTEMPTS):
            latest = self.store.latest(environment)
            snapshot = Snapshot.of(reading_ledgers(content, than=self._content(latest)))
            at = self.clock()
            publication = Publication(
                environment=environment,
                sequence=1 if latest is None else latest.sequence + 1,
                digest=snapshot.digest,
                kind=PublicationKind.ROLLBACK,
                actor=named,
                reason=reason,
                at=at,
            )
            self.store.put(snapshot, at=at)
            try:
                self.store.append(publication)
            except ConflictError:
                continue
            self._announce(publication)
            return publication
        raise ConflictError("others publish all the time: try again")

    def _publish(self, environment: str, *, actor: str, reason: str, on_purpose: bool) -> Published:
        with self._publishing:
            latest, read = self.store.latest(environment), self.catalogue.read
            return self._publish_newest(environment, latest, read, actor=actor, reason=reason, on_purpose=on_purpose)

    def _publish_newest(
        self,
        environment: str,
        latest: Publication | None,
        read: Callable[[], Definitions],
        *,
        actor: str,
        reason: str,
        on_purpose: bool,
    ) -> Published:
        """Publish what is read, unless it is in force, or a rollback is that nobody means to lift.

        ``latest`` is what was in force before ``read`` is called: whoever publishes after that makes the sequence
        taken, so that what was read before a change never replaces what was read after it.
        """
        for _ in range(_ATTEMPTS):
            held = latest is not None and latest.kind is PublicationKind.ROLLBACK
            if latest is not None and held and not on_purpose:
                logger.warning(
                    "a rollback is in force in %s: the change is kept, and served once somebody publishes", environment
                )
                return Published(publication=latest, held=True)
            built = self._build(environment, latest, read())
            snapshot, at = Snapshot.of(built.content), self.clock()
            publication = Publication(
                environment=environment,
                sequence=1 if latest is None else latest.sequence + 1,
                digest=snapshot.digest,
                actor=actor,
                reason=reason,
                at=at,
            )
            if latest is not None and latest.digest == publication.digest and not held:
                if on_purpose:
                    self.store.put(snapshot, at=at)
                return Published(publication=latest, problems=built.problems)
            self.store.put(snapshot, at=at)
            try:
                self.store.append(publication)
            except ConflictError:
                latest, read = self.store.latest(environment), self.catalogue.read
                continue
            self._announce(publication)
            return Published(publication=publication, problems=built.problems)
        raise ConflictError("others publish all the time: try again")

    def _build(self, environment: str, latest: Publication | None, definitions: Definitions) -> Built:
        builder = self._builders.setdefault(environment, Builder(environment))
        built = builder.build(definitions, before=partial(self._in_force, latest))
        for problem in built.problems:
            logger.error(
                "%s %r is held back, %s is served: %s", problem.kind, problem.id, problem.served, problem.error
            )
        return built

    def _in_force(self, latest: Publication | None) -> Mapping[str, Any] | None:
        """Return what is in force, or None where it is not there; raise where it cannot be read."""
        snapshot = None if latest is None else self.store.get(latest.digest)
        content: Mapping[str, Any] | None = None if snapshot is None else snapshot.content
        return content

    def _content(self, latest: Publication | None) -> Mapping[str, Any] | None:
        """Return what is in force, or None where it is not there or cannot be read."""
        try:
            return self._in_force(latest)
        except VariateError:
            logger.exception("the snapshot in force cannot be read")
            return None

    def _digest_of(self, environment: str, to: int | str) -> str:
        if isinstance(to, str):
            return check_digest("to", to)
        found = self.store.publications(environment, before=check_sequence("to", to) + 1, limit=1)
        if not found or found[0].sequence != to:
            raise NotFoundError("publication", shown(to))
        return found[0].digest

    def _announce(self, publication: Publication) -> None:
        """Tell who listens; who does not hear of it polls."""
        try:
            self.announcements.announce(channel(publication.environment), str(publication.sequence))
        except VariateError as error:
            logger.warning("a publication was not announced: %s", error)

    def _named(self, actor: str | None) -> str:
        return self.actor if actor is None else check_name("actor", actor)
