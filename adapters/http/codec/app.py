"""The endpoint itself: /encode and /decode for the Web UI; the entrance is beside it.

POST /decode   protobuf-JSON Payloads -> the same number in the same order, opened as far as the officer may see;
               what is not ours or cannot be opened comes back untouched
POST /encode   protobuf-JSON Payloads -> sealed by the officer, now, for the namespace (domain.seals.Provenance)
401 without a session for the namespace · 403 from other pages, or without a role that sees · 404 no such namespace
413 too long · 422 not Payloads · 503 it could not be put on record, so nothing is shown
"""

from collections import Counter
from collections.abc import Callable

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from starlette.middleware.cors import CORSMiddleware
from temporalio.api.common.v1 import Payload, Payloads

from adapters.http.codec.doorkeeper import Admitted
from adapters.http.codec.endpoint import Endpoint
from adapters.http.codec.entrance import add_entrance, whole_body
from adapters.http.codec.masking import masked
from adapters.http.codec.recording import Decode, UnknownNamespaceError
from adapters.http.codec.sessions import COOKIE
from adapters.http.codec.sight import Sight, sight_of
from adapters.keyring import KeyRingError
from adapters.temporal.sealing import is_sealed, opened, seal_for_officer, workflow_of
from domain.seals import Unopened

log = structlog.get_logger(__name__)

HEADERS = ("content-type", "x-namespace", "authorization", "authorization-extras")
"""What the Web UI sends (measured on 2.54)."""
LONGEST = 16 * 2**20
"""Bytes of a request: the UI asks for a page of a history at once, each payload up to 2 MB."""


class _UiOnly(CORSMiddleware):
    """Cross-origin for the exact origin of the UI, which is known only once it runs."""

    def __init__(self, app: object, *, ui_origin: Callable[[], str | None]) -> None:
        super().__init__(
            app,  # type: ignore[arg-type]  # Starlette hands on the ASGI application
            allow_methods=["POST"],
            allow_headers=list(HEADERS),
            allow_credentials=True,
            max_age=600,
        )
        self._ui_origin = ui_origin

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether this page may ask."""
        return origin == self._ui_origin()


def application(endpoint: Endpoint) -> FastAPI:
    """The endpoint over these parts."""
    app = FastAPI(title="Holdfast codec", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_UiOnly, ui_origin=endpoint.ui_origin)
    add_entrance(app, endpoint)

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/decode")
    async def decode(request: Request) -> Response:
        admitted, namespace = _asked_by(request, endpoint)
        sight = sight_of(admitted.roles)
        if sight is None:
            raise HTTPException(403, "none of this officer's roles reads cases")
        payloads = await _payloads(request)
        inner = [opened(endpoint.ring, one, namespace) if is_sealed(one) else None for one in payloads]
        seen = Counter(workflow_of(payloads[no]) for no, one in enumerate(inner) if isinstance(one, Payload))
        await _on_record(
            endpoint,
            [
                Decode(
                    officer=admitted.officer,
                    at=endpoint.now(),
                    namespace=namespace,
                    workflow_id=workflow_id,
                    payloads=count,
                    masked=sight is Sight.MASKED,
                )
                for workflow_id, count in sorted(seen.items())
            ],
        )
        shown = [
            sealed if one is None or isinstance(one, Unopened) else masked(one) if sight is Sight.MASKED else one
            for sealed, one in zip(payloads, inner, strict=True)
        ]
        return _answer(shown)

    @app.post("/encode")
    async def encode(request: Request) -> Response:
        admitted, namespace = _asked_by(request, endpoint)
        now = endpoint.now()
        try:
            return _answer(
                [
                    seal_for_officer(endpoint.ring, one, namespace, admitted.officer, now)
                    for one in await _payloads(request)
                ]
            )
        except KeyRingError as problem:
            raise HTTPException(503, str(problem)) from None

    @app.exception_handler(UnknownNamespaceError)
    async def no_such_namespace(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"detail": "no such namespace"}, status_code=404)

    return app


async def _on_record(endpoint: Endpoint, decodes: list[Decode]) -> None:
    if not decodes:
        return
    try:
        await endpoint.record.keep(decodes)
    except UnknownNamespaceError:
        raise
    except Exception as problem:  # noqa: BLE001 - what is not on record is not shown, whatever the reason
        log.warning("decode_not_on_record", error=type(problem).__name__)
        raise HTTPException(503, "this reading cannot be put on record at the moment: nothing is shown") from None


def _asked_by(request: Request, endpoint: Endpoint) -> tuple[Admitted, str]:
    """The officer and the namespace of a request of the UI. Raises HTTPException."""
    origin = request.headers.get("origin")
    if origin is not None and origin != endpoint.ui_origin():
        raise HTTPException(403, "not from this page")
    admitted = endpoint.sessions.of(request.cookies.get(COOKIE))
    namespace = request.headers.get("x-namespace", "")
    if admitted is None:
        raise HTTPException(401, "请先登录 / log in first, at this address")
    if namespace != admitted.namespace:
        raise HTTPException(401, "此次登录限于另一命名空间 / this login is for another namespace: log in again")
    return admitted, namespace


async def _payloads(request: Request) -> list[Payload]:
    try:
        return list(Parse(await whole_body(request, LONGEST), Payloads()).payloads)
    except (ParseError, UnicodeDecodeError, RecursionError):
        raise HTTPException(422, "not protobuf-JSON Payloads") from None


def _answer(payloads: list[Payload]) -> Response:
    text = MessageToJson(Payloads(payloads=payloads), indent=None)
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})
