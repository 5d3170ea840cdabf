"""Which channels a world has: the addresses that the settings name, else, in a practice world, the sandbox's own."""

from collections.abc import Callable
from urllib.parse import quote

from activities.notice_ports import NoticePort
from adapters.notices.sms import sms_gateway
from adapters.notices.smtp import Mail, MailServer
from adapters.notices.webhook import webhook
from adapters.settings import Settings
from adapters.temporal.addresses import mail_url, namespace, sandbox_url, ui_url

_SANDBOXES_DOMAIN = "sandbox.invalid"  # docs/wire.md: ROLE@RUN.sandbox.invalid


def notice_ports(settings: Settings, run: str, *, practice: bool) -> list[NoticePort]:
    """One port a channel. A centre of real institutions sends nothing to a sandbox: unnamed channels it has not."""
    ports: list[NoticePort] = []
    inside = f"{sandbox_url(settings)}/w/{run}/notices" if practice else ""
    if board := settings.notice_webhook or (f"{inside}/webhook" if practice else None):
        ports.append(webhook(board))
    if settings.notice_smtp is not None:
        ports.append(Mail(MailServer(settings.notice_smtp, settings.notice_mail_domain)))
    elif practice and (mail := mail_url(settings)):
        ports.append(Mail(MailServer(mail, f"{run}.{_SANDBOXES_DOMAIN}")))
    if sms := settings.notice_sms or (f"{inside}/sms" if practice else None):
        ports.append(sms_gateway(sms))
    return ports


def case_links(settings: Settings, run: str) -> Callable[[str], str]:
    """Where a case is read in the Temporal Web UI, by its workflow id; empty where nobody said where the UI is."""
    ui = settings.codec_origin or ui_url(settings)  # the UI as browsers name it

    def link(workflow_id: str) -> str:
        return f"{ui}/namespaces/{namespace(settings, run)}/workflows/{quote(workflow_id, safe='')}" if ui else ""

    return link
