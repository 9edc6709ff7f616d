"""HTML to text: paragraphs as lines, quotations as `>` lines, the rows of a table as tab-separated cells."""

import re
from html.parser import HTMLParser

LONGEST_HTML = 400_000  # characters; what comes after is history of history
BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "dd", "dt", "section", "article"}
    | {"header", "footer", "center", "form", "address", "pre", "body"}
)
UNREAD = frozenset({"head", "style", "script", "title", "del", "s", "strike", "template", "noscript"})
VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base"})
RULE = "________________________________"


def text_of_html(markup: str) -> str:
    """The text a person sees. What is struck through or hidden is not read."""
    reader = _Reader()
    reader.feed(_tamed(markup[:LONGEST_HTML]))
    reader.close()
    return reader.text()


def _tamed(markup: str) -> str:
    """Without comments and declarations, and without tags that never end: the parser is slow with those."""
    parts: list[str] = []
    at = 0
    while (start := markup.find("<!--", at)) >= 0:
        parts.append(markup[at:start])
        end = markup.find("-->", start)
        at = len(markup) if end < 0 else end + 3
    parts.append(markup[at:])
    text = "".join(parts)
    last = text.rfind(">") + 1
    return re.sub(r"<[?!][^>]*+>", "", text[:last]) + text[last:].replace("<", "&lt;")


class _Reader(HTMLParser):
    """One pass over the markup with a stack of buffers: one for the page, one more for each open cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.buffers: list[list[str]] = [[]]
        self.rows: list[list[str]] = []
        self.layout: list[bool] = []
        self.unread: list[str] = []
        self.preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.unread:
            if tag not in VOID:
                self.unread.append(tag)
            return
        style = next((value or "" for name, value in attrs if name == "style"), "").replace(" ", "").lower()
        if tag in UNREAD or ("display:none" in style and tag not in VOID) or "line-through" in style:
            if tag not in VOID:
                self.unread.append(tag)
            return
        if tag == "br":
            self._write("\n")
        elif tag == "hr":
            self._write(f"\n{RULE}\n")
        elif tag == "li":
            self._write("\n- ")
        elif tag == "blockquote":
            self._break()
            self.buffers.append([])
        elif tag == "table":
            self._break()
            if self.layout:
                self.layout = [True] * len(self.layout)
            self.layout.append(False)
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.buffers.append([])
        elif tag in BLOCKS:
            self._break(paragraph=tag == "p")
            self.preformatted += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self.unread:
            if tag in self.unread:
                while self.unread and self.unread.pop() != tag:
                    pass
            return
        if tag in ("td", "th") and self.rows and len(self.buffers) > 1:
            self.rows[-1].append("".join(self.buffers.pop()))
        elif tag == "tr" and self.rows:
            self._end_row(self.rows.pop())
        elif tag == "table" and self.layout:
            self.layout.pop()
            self._break()
        elif tag == "blockquote" and len(self.buffers) > 1:
            quoted = _tidy("".join(self.buffers.pop()))
            self._write("\n" + "\n".join(f"> {line}".rstrip() for line in quoted.split("\n")) + "\n")
        elif tag in BLOCKS:
            self._break(paragraph=tag == "p")
            self.preformatted -= tag == "pre" and self.preformatted > 0

    def handle_data(self, data: str) -> None:
        if self.unread:
            return
        if not self.preformatted:
            data = re.sub(r"[ \t\r\n\f]+", " ", data)
            data = data.lstrip(" ") if self.buffers[-1][-1:] and self.buffers[-1][-1].endswith(" ") else data
        self._write(data)

    def text(self) -> str:
        """Everything written, with what was never closed."""
        for row in self.rows:
            self.buffers[0].append("\n" + "\t".join(_one_line(cell) for cell in row))
        return _tidy("".join("".join(buffer) for buffer in self.buffers))

    def _write(self, text: str) -> None:
        self.buffers[-1].append(text)

    def _break(self, *, paragraph: bool = False) -> None:
        self._write("\n\n" if paragraph else "\v")

    def _end_row(self, cells: list[str]) -> None:
        is_layout = not self.layout or self.layout[-1] or len(cells) == 1 or any(len(c) > 600 for c in cells)
        if is_layout:
            self._write("\v" + "\v".join(cells) + "\v")
        else:
            self._write("\v" + "\t".join(_one_line(cell) for cell in cells) + "\v")


def _one_line(cell: str) -> str:
    return " ".join(cell.replace("\v", " ").split())


def _tidy(text: str) -> str:
    """Breaks of blocks become one line break each; never more than one empty line."""
    text = re.sub(r"[ ]*\v[ \v]*", "\v", text)
    text = re.sub(r"\v?\n\v?", "\n", text).replace("\v", "\n")
    lines = [line.strip(" ") for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
