"""XML text to a small tree whose every element knows its place; hostile text ends in a finding, never in memory.

DMN 1.1 to 1.5 differ in their namespaces only, so elements and attributes go by their local names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler

from policy.dmn.findings import Refused, refuse
from policy.problems import Where

BYTES_MAX = 4 * 1024 * 1024
DEPTH_MAX = 60
ELEMENTS_MAX = 100_000
SKIPPED = ("extensionElements", "DMNDI", "ElementCollection")  # drawings and other tools' notes mean nothing


@dataclass(slots=True)
class Element:
    """One element: its local name, attributes by local name, text, children, and where it begins."""

    name: str
    attributes: dict[str, str]
    where: Where
    children: list[Element] = field(default_factory=list)
    text: str = ""
    text_where: Where | None = None

    def all(self, name: str) -> list[Element]:
        """The children of a name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Element | None:
        """The first child of a name, None where there is none."""
        return next(iter(self.all(name)), None)

    def get(self, name: str, default: str = "") -> str:
        """An attribute, without blanks around it."""
        return self.attributes.get(name, default).strip()

    def walk(self) -> Iterator[Element]:
        """This element and everything under it, in the order of the file."""
        yield self
        for child in self.children:
            yield from child.walk()


class _Tree(ContentHandler):
    """The elements so far; stops at text that is too deep or too long."""

    def __init__(self, file: str, locator: Any) -> None:
        super().__init__()
        self.file, self.locator = file, locator
        self.open: list[Element] = []
        self.root: Element | None = None
        self.count = self.skipped = 0

    def here(self) -> Where:
        return Where(self.file, self.locator.getLineNumber() or 1, (self.locator.getColumnNumber() or 0) + 1)

    def startElement(self, name: str, attrs: Any) -> None:
        local = name.rsplit(":", 1)[-1]
        self.count += 1
        if self.count > ELEMENTS_MAX:
            raise refuse("dmn-too-large", self.here(), f"the file has more than {ELEMENTS_MAX:_} elements",
                         "split it by decision")  # fmt: skip
        if len(self.open) + self.skipped >= DEPTH_MAX:
            raise refuse("dmn-too-deep", self.here(), f"elements are nested more than {DEPTH_MAX} deep",
                         "export the model again from the tool that wrote it")  # fmt: skip
        if self.skipped or (self.open and local in SKIPPED):
            self.skipped += 1
            return
        element = Element(local, {key.rsplit(":", 1)[-1]: value for key, value in attrs.items()}, self.here())
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def endElement(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
        else:
            self.open.pop()

    def characters(self, content: str) -> None:
        if not self.skipped and self.open:
            element = self.open[-1]
            if element.text_where is None and content.strip():
                lead = len(content) - len(content.lstrip())
                here = self.here()
                element.text_where = Where(here.file, here.line, here.column + lead)
            element.text += content


def read_markup(source: bytes, file: str) -> Element:
    """The root element of an XML file. Raises: Refused with the finding that says why there is none."""
    from defusedxml import DefusedXmlException  # loaded only where a DMN file is read
    from defusedxml.sax import make_parser

    start = Where(file, 1, 1)
    if len(source) > BYTES_MAX:
        raise refuse("dmn-too-large", start, f"the file has {len(source):_} bytes, {BYTES_MAX:_} are allowed",
                     "split it by decision")  # fmt: skip
    parser = make_parser()
    tree = _Tree(file, parser)
    parser.forbid_dtd = True
    parser.setContentHandler(tree)
    try:
        parser.feed(source)
        parser.close()
    except DefusedXmlException:
        raise refuse("dmn-entity", tree.here(), "the file declares a document type or entities",
                     "take the DOCTYPE out: DMN needs none") from None  # fmt: skip
    except SAXParseException as error:
        at = Where(file, error.getLineNumber() or 1, (error.getColumnNumber() or 0) + 1)
        raise refuse("dmn-xml", at, f"this is not XML: {_plain(error.getMessage())}", "export the file again") from None
    except (SAXException, ValueError, LookupError) as error:
        raise refuse("dmn-xml", start, f"this is not XML: {_plain(str(error))}", "export the file again") from None
    if tree.root is None:
        raise refuse("dmn-xml", start, "there is nothing in the file", "export the file again")
    return tree.root


def _plain(message: str) -> str:
    return " ".join(message.split())[:120].rstrip(".").lower()


__all__ = ["BYTES_MAX", "DEPTH_MAX", "Element", "Refused", "read_markup"]
