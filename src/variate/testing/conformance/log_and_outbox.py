"""What the suites of stores whose writes tell of themselves ask for beside the store."""

from __future__ import annotations

import pytest

from variate.stores.ports import AuditLog, Outbox


class WithLogAndOutbox:
    """Provide the ``audit_log`` and the ``outbox`` that the store's writes fill."""

    @pytest.fixture
    def audit_log(self) -> AuditLog:
        raise NotImplementedError("provide a fixture `audit_log`: the AuditLog that the store's writes fill")

    @pytest.fixture
    def outbox(self) -> Outbox:
        raise NotImplementedError("provide a fixture `outbox`: the Outbox that the store's writes fill")
