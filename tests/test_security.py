"""What SECURITY.md says of documents and of the index."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import docx
import pytest

from index import Index, load_settings
from index.extract import ExtractError, extract

TEXT = b"Sarkholm has a lighthouse"


def docx_with(declared: str, used: str) -> bytes:
    """A DOCX whose text holds an entity, with the DTD that declares it."""
    made, changed = io.BytesIO(), io.BytesIO()
    document = docx.Document()
    document.add_paragraph(TEXT.decode())
    document.save(made)
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(changed, "w") as out:
        for name in parts.namelist():
            data = parts.read(name)
            if name == "word/document.xml":
                data = data.replace(b"<w:document", f"<!DOCTYPE d {declared}><w:document".encode(), 1)
                data = data.replace(TEXT, TEXT + used.encode())
            out.writestr(name, data)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ('[<!ENTITY e SYSTEM "file://{secret}">]', "&e;"),
        ('[<!ENTITY % p SYSTEM "file://{secret}"> %p;]', ""),
        ('SYSTEM "file://{secret}"', ""),
    ],
)
def test_a_docx_does_not_have_another_file_read(tmp_path: Path, declared: str, used: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("4711", "utf-8")
    found = extract(".docx", docx_with(declared.format(secret=secret), used)).text
    assert found.encode().startswith(TEXT)
    assert "4711" not in found


def test_an_entity_bomb_is_refused() -> None:
    lines = ['<!ENTITY a0 "lol">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))]
    with pytest.raises(ExtractError, match=r"\.docx"):
        extract(".docx", docx_with(f"[{''.join(lines)}]", "&a9;"))


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def test_chromas_pickle_is_read_as_data(corpus_dir: Path, tmp_path: Path) -> None:
    copy, sprung = tmp_path / "index", tmp_path / "sprung"
    shutil.copytree(corpus_dir, copy)
    pickles = list(copy.rglob("*.pickle"))
    assert pickles
    for file in pickles:
        file.write_bytes(pickle.dumps(Trap(sprung)))
    with Index(copy, load_settings()) as index:
        assert index.search("lighthouse", 3)
    assert not sprung.exists()
