"""The vocabulary: values that are true once built. No I/O, no clock, no chance."""

from variate.model.assignment import Assignment, AssignmentSample, assignment_id
from variate.model.audit import AuditEntry, OutboxMessage
from variate.model.document import MAX_DEFINITION_BYTES, MAX_DEPTH, MAX_DOCUMENT_BYTES, Document, Json
from variate.model.event import EXPOSURE, Event, Verdict, VerdictStatus, check_dimensions
from variate.model.experiment import Experiment, ExperimentStatus, Variation
from variate.model.flag import FeatureFlag, FlagStatus
from variate.model.instant import check_instant, format_instant, parse_instant
from variate.model.override import Override, OverrideTarget, override_id
from variate.model.page import MAX_PAGE, Page
from variate.model.rate_limit import RateLimit

__all__ = [
    "EXPOSURE",
    "MAX_DEFINITION_BYTES",
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "MAX_PAGE",
    "Assignment",
    "AssignmentSample",
    "AuditEntry",
    "Document",
    "Event",
    "Experiment",
    "ExperimentStatus",
    "FeatureFlag",
    "FlagStatus",
    "Json",
    "OutboxMessage",
    "Override",
    "OverrideTarget",
    "Page",
    "RateLimit",
    "Variation",
    "Verdict",
    "VerdictStatus",
    "assignment_id",
    "check_dimensions",
    "check_instant",
    "format_instant",
    "override_id",
    "parse_instant",
]
