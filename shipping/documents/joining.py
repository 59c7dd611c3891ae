"""PDFs joined and taken apart, page by page. PDFium is not safe in threads, so whoever uses it holds the lock."""

import hashlib
import io
import re
import threading
from collections.abc import Sequence

PDFIUM = threading.Lock()
_DATE = re.compile(rb"/CreationDate\s*\(D:[^)]*\)")
_ID = re.compile(rb"/ID\s*\[\s*<[0-9A-Fa-f]*>\s*<[0-9A-Fa-f]*>\s*\]")


def joined(pdfs: Sequence[bytes]) -> bytes:
    """All pages one after the other. The same PDFs give the same bytes."""
    if len(pdfs) == 1:
        return pdfs[0]
    return _copied([(pdf, None) for pdf in pdfs])


def pages_of(pdf: bytes, pages: Sequence[int]) -> bytes:
    """These pages, counted from 1, in this order. Raises ValueError when one is not there."""
    return _copied([(pdf, [page - 1 for page in pages])])


def _copied(sources: Sequence[tuple[bytes, list[int] | None]]) -> bytes:
    import pypdfium2

    with PDFIUM:
        target = pypdfium2.PdfDocument.new()
        try:
            for data, pages in sources:
                source = pypdfium2.PdfDocument(data)
                try:
                    if pages is not None and not all(0 <= page < len(source) for page in pages):
                        raise ValueError("There is no such page.")
                    target.import_pages(source, pages)
                finally:
                    source.close()
            out = io.BytesIO()
            target.save(out)
        finally:
            target.close()
    return _identified(out.getvalue(), sources)


def _identified(data: bytes, sources: Sequence[tuple[bytes, list[int] | None]]) -> bytes:
    """With an identifier made of what went in, where PDFium writes a random one, and without the time of day
    (ISO 32000-1, 14.3.3 and 14.4). Nothing changes its length, for the file says where each thing stands."""
    digest = hashlib.sha256()
    for source, pages in sources:
        digest.update(hashlib.sha256(source).digest() + repr(pages).encode())
    name = digest.hexdigest()[:32].upper().encode()

    def named(found: re.Match[bytes]) -> bytes:
        same = b"/ID[<" + name + b"><" + name + b">]"
        return same.ljust(len(found[0])) if len(same) <= len(found[0]) else found[0]

    start = data.rfind(b"trailer")
    info = re.search(rb"/Info (\d+) 0 R", data[start:])
    if info:
        at = data.find(b"\n" + info[1] + b" 0 obj")
        end = data.find(b"endobj", at)
        dated = _DATE.sub(lambda found: b" " * len(found[0]), data[at:end], count=1)
        data = data[:at] + dated + data[end:]
    return data[:start] + _ID.sub(named, data[start:], count=1)
