"""The entrance: officers log in with number and one-time code, and out again.

401 number or code wrong, or tried too often · 403 the form of another page · 413 too long
"""

from urllib.parse import parse_qs

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from adapters.http.codec.doorkeeper import Admitted, Doorkeeper
from adapters.http.codec.endpoint import Endpoint
from adapters.http.codec.pages import SAFE, logged_in_page, login_page
from adapters.http.codec.sessions import COOKIE, Tries
from domain.policy import LoginRules
from domain.words import Complaint

log = structlog.get_logger(__name__)

LONGEST_FORM = 1_000
NOT_NOW = Complaint(zh="暂时无法核验，请稍后再试", en="this cannot be checked at the moment: please try again")


def add_entrance(app: FastAPI, endpoint: Endpoint) -> None:
    """The page, and its two forms."""
    tries = Tries(endpoint.login, endpoint.now)

    @app.get("/")
    async def page(request: Request) -> HTMLResponse:
        admitted = endpoint.sessions.of(request.cookies.get(COOKIE))
        form = login_page(endpoint.doorkeeper.worlds())
        return HTMLResponse(logged_in_page(admitted, _own_origin(request)) if admitted else form, headers=SAFE)

    @app.post("/login")
    async def login(request: Request) -> Response:
        _from_here(request)
        form = parse_qs((await whole_body(request, LONGEST_FORM)).decode(errors="replace"))
        officer, code, world = (form.get(name, [""])[0].strip() for name in ("officer", "code", "world"))
        door = endpoint.doorkeeper
        found = _too_often(endpoint.login) if tries.must_wait(officer) else await _admit(door, officer, code, world)
        if isinstance(found, Complaint):
            tries.note_wrong(officer)
            return HTMLResponse(login_page(door.worlds(), found), status_code=401, headers=SAFE)
        tries.note_right(officer)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            COOKIE,
            endpoint.sessions.open(found),
            max_age=int(endpoint.sessions.term.total_seconds()),
            httponly=True,
            samesite="strict",  # the UI is the same site: a site is a host, whatever its port
            secure=request.url.scheme == "https",
        )
        return answer

    @app.post("/logout")
    async def logout(request: Request) -> Response:
        _from_here(request)
        endpoint.sessions.close(request.cookies.get(COOKIE))
        answer = RedirectResponse("/", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer


def _too_often(rules: LoginRules) -> Complaint:
    return Complaint(
        zh=f"验证码错误次数过多，请{rules.within_minutes:g}分钟后再试",
        en=f"too many wrong codes for this number: try again in {rules.within_minutes:g} min",
    )


def _own_origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


async def _admit(doorkeeper: Doorkeeper, officer: str, code: str, world: str) -> Admitted | Complaint:
    try:
        return await doorkeeper.admit(officer, code, world)
    except Exception as problem:  # noqa: BLE001 - whatever is down, the door stays shut and says so
        log.warning("doorkeeper_failed", error=type(problem).__name__)
        return NOT_NOW


def _from_here(request: Request) -> None:
    """The form of our own page only: nobody logs another person in or out. Raises HTTPException."""
    origin = request.headers.get("origin")
    if origin is not None and origin != _own_origin(request):
        raise HTTPException(403, "not from this page")


async def whole_body(request: Request, longest: int) -> bytes:
    """A request's body. Raises HTTPException when it is longer than so many bytes."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > longest:
            raise HTTPException(413, "too long")
    return bytes(taken)
