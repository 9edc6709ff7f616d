"""An independent scanner: paper is rasterised as a printer would, and its barcodes read by zxing-cpp."""

import pypdfium2
import zxingcpp
from PIL import Image

INCH = 25.4


def pages_of(pdf: bytes, *, dpi: int = 300) -> list[Image.Image]:
    """Each page in grey, at the dots of an office printer."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]


def texts_of(pdf: bytes) -> list[str]:
    """What can be copied out of each page, in one line."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def sizes_of(pdf: bytes) -> list[tuple[int, int]]:
    """Each page's width and height in whole millimetres."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [tuple(round(side / 72 * INCH) for side in page.get_size()) for page in document]


def scan(image: Image.Image) -> list[zxingcpp.Barcode]:
    """The barcodes of a page from top to bottom, and on one height from the left."""
    found = zxingcpp.read_barcodes(
        image, formats=zxingcpp.BarcodeFormat.Code128, text_mode=zxingcpp.TextMode.Plain
    )
    return sorted(found, key=lambda one: (one.position.top_left.y // 40, one.position.top_left.x))


def scanned(pdf: bytes) -> list[list[str]]:
    """What a scanner sends for each page, barcode by barcode: identifier of the symbology, then the data."""
    return [[one.symbology_identifier + one.text for one in scan(page)] for page in pages_of(pdf)]
