"""The one page of the endpoint: log in, or see that one is logged in. No script, nothing from elsewhere."""

from collections.abc import Sequence
from html import escape

from adapters.http.codec.doorkeeper import Admitted
from adapters.http.codec.sight import Sight, sight_of
from domain.officers import ROLE_WORDS
from domain.words import Complaint

SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without it the form's own Origin would be "null"
}
MOST_WORLDS = 20
"""The latest namespaces that can be chosen; a machine of trainers has hundreds."""
_STYLE = (
    "body{font:16px/1.6 sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;color:#1f2937}"
    "input,select,button{font:inherit;padding:.5rem .7rem;margin:.2rem 0 1rem;width:100%;box-sizing:border-box}"
    "button{background:#1d4ed8;color:#fff;border:0;border-radius:4px;cursor:pointer}"
    ".told{background:#fef2f2;border-left:4px solid #dc2626;padding:.5rem .8rem}"
)


def _once(address: str) -> str:
    """What a browser has to be told once; the UI passes a session on to an endpoint of the browser's own only."""
    shown = escape(address)
    return (
        "<p>首次使用：在 Temporal 界面右上角打开 Codec Server 设置（眼镜图标），选 <b>Use my browser setting</b>，"
        f"地址填 <code>{shown}</code>，打开 <b>Include cross-origin credentials</b>，点 Apply。<br>"
        "Once in each browser: open the Codec Server dialog of the Temporal UI (glasses, top right), choose "
        f"<b>Use my browser setting</b>, enter <code>{shown}</code>, switch on "
        "<b>Include cross-origin credentials</b>, Apply.</p>"
    )


def login_page(worlds: Sequence[str], told: Complaint | None = None) -> str:
    """The form, with what went wrong last time. Several `worlds`: one is chosen, the latest unless another is."""
    why = f'<p class="told" role="alert">{escape(told.zh)}<br>{escape(told.en)}</p>' if told else ""
    return _page(
        f"{why}<p>登录后，案件内容在 Temporal 界面中可读，并可提交决定；每次解密均留痕。<br>"
        "Log in to read cases and to decide them in the Temporal UI. Every reading is on record.</p>"
        '<form method="post" action="/login" autocomplete="off">'
        f"{_choice(worlds)}"
        '<label>警号 / officer number<input name="officer" inputmode="numeric" required autofocus maxlength="12">'
        "</label>"
        '<label>验证码 / one-time code<input name="code" inputmode="numeric" required maxlength="12" '
        'autocomplete="one-time-code"></label><button>登录 / log in</button></form>'
    )


def _choice(worlds: Sequence[str]) -> str:
    if len(worlds) < 2:  # noqa: PLR2004 - where there is one, nobody is asked
        return ""
    options = "".join(f"<option>{escape(world)}</option>" for world in worlds[:MOST_WORLDS])
    return f'<label>命名空间 / namespace<select name="world">{options}</select></label>'


def logged_in_page(admitted: Admitted, address: str) -> str:
    """Who is logged in and what is seen; `address`: the endpoint's own."""
    roles = "、".join(f"{ROLE_WORDS[role][0]} {ROLE_WORDS[role][1]}" for role in admitted.roles)
    sight = {
        Sight.WHOLE: "可读全部内容 / everything is readable",
        Sight.MASKED: "姓名与号码已遮盖 / names and numbers are masked",
        None: "无可读内容 / nothing is readable",
    }[sight_of(admitted.roles)]
    return _page(
        f"<p>已登录 / logged in: <b>{escape(admitted.officer)}</b> · {escape(roles)} · "
        f"<code>{escape(admitted.namespace)}</code><br>{sight}</p>{_once(address)}"
        '<form method="post" action="/logout"><button>退出 / log out</button></form>'
    )


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Holdfast 解密登录 / codec login</title><style>{_STYLE}</style>"
        f"<h1>Holdfast 反诈中心止付系统</h1>{content}</html>"
    )
