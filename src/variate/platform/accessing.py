"""The stages that say who may ask, put together over one choice of stores; nothing is read yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from variate.access.keyring import Keyring
from variate.access.keys import Keys
from variate.access.oidc import OpenIdConnect
from variate.access.passwords import Passwords
from variate.access.people import People
from variate.access.provider import Provider, Registration
from variate.access.sessions import Sessions
from variate.access.signing_in import Attempts, SignIn
from variate.definition.audit import ChangeLog
from variate.platform.backends import Backends
from variate.service_settings import ServiceSettings
from variate.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Accessing:
    """What a platform knows those by who ask. The keys are read at the first use of the keyring."""

    keyring: Keyring
    keys: Keys
    people: People
    sessions: Sessions
    sign_in: SignIn
    oidc: OpenIdConnect | None

    @classmethod
    def over(
        cls, backends: Backends, settings: Settings, *, log: ChangeLog, wall_clock: Callable[[], datetime]
    ) -> Accessing:
        """Return the stages over these backends."""
        keyring = Keyring(
            load=lambda: backends.keys.counting(at=wall_clock()),
            note_use=backends.keys.note_use,
            clock=wall_clock,
            poll_seconds=settings.snapshot_poll_seconds,
        )
        hot, service = backends.hot, settings.service
        sessions = Sessions(
            cache=hot.kept,
            read=backends.people.get,
            clock=wall_clock,
            idle=timedelta(hours=service.session_hours),
        )
        people = People(store=backends.people, passwords=Passwords(), log=log, changed=sessions.look_again)
        attempts = Attempts(limiter=hot.rate_limiter, per_minute=service.sign_ins_per_minute)
        registration = _registration(service)
        oidc = None
        if registration is not None:
            oidc = OpenIdConnect(
                provider=Provider(registration),
                cache=hot.cache,
                people=people,
                sessions=sessions,
                attempts=attempts,
                clock=wall_clock,
                default_role=service.oidc_default_role,
            )
        return cls(
            keyring=keyring,
            keys=Keys(store=backends.keys, log=log, known=settings.all_environments, changed=keyring.reread),
            people=people,
            sessions=sessions,
            sign_in=SignIn(people=people, sessions=sessions, attempts=attempts),
            oidc=oidc,
        )

    def close(self) -> None:
        """Stop following the keys, and note which were used."""
        self.keyring.close()
        if self.oidc is not None:
            self.oidc.provider.close()


def _registration(service: ServiceSettings) -> Registration | None:
    if service.oidc_issuer is None or service.oidc_client_id is None or service.oidc_client_secret is None:
        return None
    return Registration(
        issuer=service.oidc_issuer, client_id=service.oidc_client_id, client_secret=service.oidc_client_secret
    )
