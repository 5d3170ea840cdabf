"""One JSON stream of log lines a process: ours, the Temporal SDK's, every library's; ids bound, nothing personal.

    logs.configure(settings.log_level, process="worker")
    log = structlog.get_logger()
    with logs.bound(case_id=case_id):
        log.info("stop_sent", institution=code)

What may not be written is cut in one processor (adapters/redaction.py) that every line passes, whoever wrote it.
"""

import contextlib
import logging
import sys
from types import TracebackType
from typing import TextIO

import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from adapters.redaction import cut_exception, cut_personal
from adapters.settings import LogLevel

bound = bound_contextvars
"""Binds ids to every line written inside the block, also by libraries."""

# They say each request, with its address, at INFO.
_TALKATIVE = ("httpx", "httpcore", "uvicorn.access", "asyncio", "sqlalchemy.engine")


def configure(level: LogLevel, *, process: str, stream: TextIO | None = None) -> None:
    """Send everything this process logs to `stream` (default: stderr), one JSON object a line.

    Safe to call again; the last call counts. Call it before the first connection to Temporal.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        _named(process),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), _without_the_record, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            cut_exception,
            cut_personal,
            structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in list(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()  # uvicorn and others bring their own
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _last_words
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _fold_in_the_sdk()


def _fold_in_the_sdk() -> None:
    """Its Python side logs through `logging` already, ids as fields; its Rust side is told to do so too."""
    import temporalio.activity
    import temporalio.workflow
    from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

    temporalio.workflow.logger.workflow_info_on_message = False
    temporalio.activity.logger.activity_info_on_message = False
    forwarding = LogForwardingConfig(logging.getLogger("temporalio.core"), prepend_target_on_message=False)
    logging_config = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding)
    # a process has one runtime: where a client exists already, its stream stays as it is
    with contextlib.suppress(RuntimeError):
        Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=logging_config)), error_if_already_set=True)


def _without_the_record(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """What the Rust side adds is an object that says nothing new."""
    event.pop("temporal_log", None)
    return event


def _named(process: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    return add


def _last_words(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """What ends the process is a log line like the others."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("holdfast").critical("process_ended_by_an_error", exc_info=(kind, problem, trace))
