"""Files for collections: small PDFs made by hand, and some that mean harm."""

import zlib
from collections.abc import Sequence


def pdf(pages: Sequence[str], *, packed: bytes | None = None) -> bytes:
    """Return a PDF with a line of text on each page; or with one packed content for all."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    font = "<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    for number, text in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * number} 0 R "
            f"/Resources << /Font {font} >> >>".encode()
        )
        content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
        how, content = ("/Filter /FlateDecode ", packed) if packed else ("", content)
        head = f"<< {how}/Length {len(content)} >>\nstream\n".encode()
        objects.append(head + content + b"\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def bomb(unfolded: int) -> bytes:
    """Return a small PDF that unfolds to as many bytes of text, letter by letter."""
    packer = zlib.compressobj(9)
    line = b"BT (x) Tj ET\n" * 50_000
    packed = b"".join(packer.compress(line) for _ in range(unfolded // len(line)))
    return pdf(["x"], packed=packed + packer.flush())
