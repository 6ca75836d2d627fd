"""Small PDF and DOCX files made from their lines: what tests read, and what fuzzing begins with."""

from __future__ import annotations

import io
import zipfile

import docx

DOCUMENT_XML = "word/document.xml"  # the part of a DOCX that holds its text


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text for each line of a page, made by hand."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        lines = "".join(f"({line}) Tj 0 -14 Td\n" for line in page.split("\n"))
        content = f"BT /F1 12 Tf 72 720 Td\n{lines}ET".encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    return pdf_of(*objects)


def pdf_of(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()


def word(*lines: str) -> bytes:
    """A DOCX with a paragraph for each line, and a table of two cells before the last."""
    made = docx.Document()
    for line in lines[:-1]:
        made.add_paragraph(line)
    table = made.add_table(1, 2)
    table.rows[0].cells[0].text = "Height"
    table.rows[0].cells[1].text = "21 m"
    made.add_paragraph(lines[-1])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def docx_of(document: bytes) -> bytes:
    """A DOCX with this XML for its text."""
    with zipfile.ZipFile(io.BytesIO(word("text"))) as sound:
        parts = {name: sound.read(name) for name in sound.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in (parts | {DOCUMENT_XML: document}).items():
            made.writestr(name, part)
    return out.getvalue()
