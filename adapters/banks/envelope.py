"""The envelope round every message: `Response > Head, Body`, in UTF-8 with a declaration."""

from dataclasses import dataclass

from lxml import etree

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_MODE = "01"
# The longest answer, 1,000 rows, is under 1 MiB; whatever is several times as long is none.
MOST_BYTES = 4 * 1024 * 1024


class UnreadableError(ValueError):
    """A message is not understood. The text is one line that quotes nothing of the message."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A message taken out of its envelope."""

    to: str
    code: str
    body: etree._Element


def enclose(*, to: str, code: str, serial: str, body: str) -> bytes:
    """A whole message. `body` is XML already; the other parts are escaped by whoever calls."""
    return (
        f"{_DECLARATION}<Response><Head><Mode>{_MODE}</Mode><To>{to}</To><TxCode>{code}</TxCode>"
        f"<TransSerialNumber>{serial}</TransSerialNumber></Head><Body>{body}</Body></Response>"
    ).encode()


def opened(message: bytes) -> Opened:
    """Take any bytes out of their envelope; nothing is fetched and no entity is expanded.

    Raises:
        UnreadableError: these bytes are no message.
    """
    if len(message) > MOST_BYTES:
        raise UnreadableError("the message is too long")
    # A parser of its own for each message: one parser is one lock, and long statements are read in threads.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(message, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise UnreadableError("the message is not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError("the message declares a document type")
    if root.tag != "Response":
        raise UnreadableError("the message has no Response")
    head = texts(only(root, "Head"))
    return Opened(to=head.get("To", ""), code=head.get("TxCode", ""), body=only(root, "Body"))


def only(parent: etree._Element, name: str) -> etree._Element:
    """The one child of this name. Raises UnreadableError where there is none or more."""
    found = parent.findall(name)
    if len(found) != 1:
        raise UnreadableError(f"{name} is missing" if not found else f"{name} stands there twice")
    return found[0]


def texts(parent: etree._Element) -> dict[str, str]:
    """The text of each child by its name, without surrounding blanks.

    Raises:
        UnreadableError: a name stands there twice: which one holds cannot be known.
    """
    found = {child.tag: text.strip() if (text := child.text) else "" for child in parent}
    if len(found) != len(parent):
        raise UnreadableError("an element stands there twice")
    return found
