"""Failures on the wire: a refusal stays readable for the officer who was refused, everything else is sealed."""

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError

from domain.operations import REFUSED


class SealedFailureConverter(DefaultFailureConverter):
    """Messages and stack traces go into the encoded attributes, which the codec seals.

    A refusal is said in the dialog of the Web UI, which shows only what is plain: its words name no person, and it goes
    out without stack trace, cause and details, in which somebody might be named.
    """

    def __init__(self) -> None:
        """Common attributes are encoded."""
        super().__init__(encode_common_attributes=True)

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """See the class."""
        if not isinstance(exception, ApplicationError) or exception.type != REFUSED:
            super().to_failure(exception, payload_converter, failure)
            return
        failure.message = exception.message
        failure.application_failure_info.type = REFUSED
        failure.application_failure_info.non_retryable = True
