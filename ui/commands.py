"""What each command does: settings in, the library's own functions, text or JSON out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from index import Index, Settings, index_folder, load_settings
from index.datadir import NAME, beside, find
from index.doctor import examine
from index.embedder import Embedder
from index.errors import IndexMissingError, UsageError
from index.recipe import recipe
from index.remove import remove_document
from ui import jsonform, render
from ui.batch import run_batch
from ui.cli import ABSTAINED, ANSWERED, FAULT
from ui.evaluate import evaluate

MAX_RESULTS = 1000


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was parsed; returns the exit status."""
    commands: dict[str, Callable[[argparse.Namespace, Settings], int]] = {
        "index": _index,
        "search": _search,
        "ask": _ask,
        "chat": _chat,
        "ui": _ui,
        "verify": _verify,
        "mcp": _mcp,
        "list": _list,
        "show": _show,
        "remove": _remove,
        "doctor": _doctor,
        "eval": evaluate,
    }
    flags = {
        name: getattr(arguments, name) for name in Settings.model_fields if getattr(arguments, name, None) is not None
    }
    settings = load_settings(**flags)
    if getattr(arguments, "pull", False):
        _pull(settings)
    return commands[arguments.command](arguments, settings)


def _pull(settings: Settings) -> None:
    from qa.models import DEFAULT_OLLAMA_MODEL
    from qa.ollama_server import pull

    if settings.llm not in ("auto", "ollama"):
        raise UsageError(f"--pull fetches a model for Ollama, and --llm is {settings.llm}; leave one of them out")
    with tqdm(unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def progress(step: str, done: int, total: int) -> None:
            bar.set_description(step, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        pull(settings.ollama_url, settings.model or DEFAULT_OLLAMA_MODEL, progress)


def _index(arguments: argparse.Namespace, settings: Settings) -> int:
    folder = Path(arguments.folder)
    data_dir = settings.data_dir or beside(folder)
    with tqdm(desc="Indexing", unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = index_folder(
            folder,
            data_dir,
            settings,
            rebuild=arguments.rebuild,
            vectors_from=[Path(other) for other in arguments.vectors_from],
            progress=progress,
        )
    _print(render.index_report(report, _ask_hint(settings, data_dir)))
    return ANSWERED


def _ask_hint(settings: Settings, data_dir: Path) -> str:
    """The command that asks this index, from here."""
    if settings.chroma:
        names = ("chroma", "chroma_tenant", "chroma_database")
        given = [f" --{name.replace('_', '-')} {getattr(settings, name)}" for name in names if _is_set(settings, name)]
        return f'polycite ask "…"{"".join(given)}'
    try:
        found = settings.data_dir is None and find(None, Path.cwd()).resolve() == data_dir.resolve()
    except IndexMissingError:
        found = False
    with_embedder = "" if settings.embedder == "e5" else f" --embedder {settings.embedder}"
    return f'polycite ask "…"{"" if found else f" --data-dir {data_dir}"}{with_embedder}'


def _is_set(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name) != Settings.model_fields[name].default)


def _search(arguments: argparse.Namespace, settings: Settings) -> int:
    if not 1 <= arguments.k <= MAX_RESULTS:
        raise UsageError(f"-k is {arguments.k}; give a number from 1 to {MAX_RESULTS}")
    with Index.open(settings) as index:
        if arguments.batch:
            return run_batch(
                arguments.batch,
                lambda row: jsonform.search(row.id, row.text, index.search(row.text, arguments.k)),
            )
        found = index.search(arguments.question, arguments.k)
    _print(
        jsonform.line(jsonform.search(None, arguments.question, found)) if arguments.json else render.evidence(found)
    )
    return ANSWERED


def _ask(arguments: argparse.Namespace, settings: Settings) -> int:
    from qa import Chatbot

    with closing(Chatbot(Index.open(settings), settings)) as bot:
        if arguments.batch:
            return run_batch(arguments.batch, lambda row: jsonform.answer(row.id, bot.ask(row.text)))
        answer = bot.ask(arguments.question)
    if answer.receipt.fault:
        sys.stderr.write(f"polycite: {answer.receipt.fault}; the documents' own words stand in for it\n")
    asked_for = settings.llm != "auto" or settings.model is not None
    _print(jsonform.line(jsonform.answer(None, answer)) if arguments.json else render.answer(answer))
    if answer.receipt.fault and asked_for:  # the quotes are good, but not what was asked for
        return FAULT
    return ABSTAINED if answer.abstained else ANSWERED


def _chat(arguments: argparse.Namespace, settings: Settings) -> int:
    """Answer line by line until the input ends; a question that cannot be answered costs that question only."""
    from qa import Chatbot

    at_terminal = sys.stdin.isatty()
    with closing(Chatbot(Index.open(settings), settings)) as bot:
        if at_terminal:
            _print(f"{render.greeting(bot.model_name)}\n")
        talk = bot.conversation()
        while True:
            if at_terminal:
                sys.stdout.write("> ")
                sys.stdout.flush()
            line = sys.stdin.readline()
            if not line:
                return ANSWERED
            if not line.strip():
                continue
            try:
                answer = talk.ask(line)
            except UsageError as error:
                sys.stderr.write(f"polycite: {error}\n")
                continue
            if answer.receipt.fault:
                sys.stderr.write(f"polycite: {answer.receipt.fault}; the documents' own words stand in for it\n")
            _print(f"{render.answer(answer)}\n")


def _ui(arguments: argparse.Namespace, settings: Settings) -> int:
    from ui.serve import serve

    folder = Path(arguments.folder) if arguments.folder else None
    if folder:
        _index(argparse.Namespace(folder=folder, rebuild=False, vectors_from=[]), settings)
    data_dir = settings.data_dir or (beside(folder) if folder else _nearest())
    serve(data_dir, settings, arguments.host, arguments.port, open_to_all=arguments.no_auth)
    return ANSWERED


def _mcp(_: argparse.Namespace, settings: Settings) -> int:
    from qa import Chatbot
    from ui.desk import Desk
    from ui.log import LOG, start_log
    from ui.programs import serve_tools

    start_log()
    with closing(Chatbot(Index.open(settings), settings)) as bot:
        LOG.info("start", extra={"command": "mcp", "model": bot.model_name})
        serve_tools(Desk(lambda: bot, log_texts=settings.log_texts))
    LOG.info("stop")
    return ANSWERED


def _nearest() -> Path:
    """The index to show: the nearest there is, or one to begin here."""
    try:
        return find(None, Path.cwd())
    except IndexMissingError:
        return Path.cwd() / NAME


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    from qa.verify import Verifier

    with Index.open(settings) as index:
        verifier = Verifier(index)
        if arguments.batch:
            return run_batch(
                arguments.batch, lambda row: jsonform.verification(row.id, verifier.verify(row.text)), "text"
            )
        found = verifier.verify(_text_or_file(arguments.text))
    _print(jsonform.line(jsonform.verification(None, found)) if arguments.json else render.verification(found))
    return ANSWERED if all(sentence.verdict == "supported" for sentence in found.sentences) else ABSTAINED


def _text_or_file(given: str) -> str:
    """The content of the file of that name, or else the text itself."""
    path = Path(given)
    try:
        if not path.is_file():
            return given
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8; convert it, or give the text itself") from error
    except (OSError, ValueError):  # too long for a name, or with a null in it: a text
        return given


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    with Index.open(settings) as index:
        _print(render.documents(index.documents()))
    return ANSWERED


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    with Index.open(settings) as index:
        document = index.document(arguments.document)
    if document is None:
        raise UsageError(f"no document {arguments.document!r} in the index; 'polycite list' names them")
    # A terminal could be driven by what a document holds; a file or a pipe gets the text as it is.
    sys.stdout.write(render.harmless(document.text) if sys.stdout.isatty() else document.text)
    return ANSWERED


def _remove(arguments: argparse.Namespace, settings: Settings) -> int:
    remove_document(find(settings.data_dir, Path.cwd()), arguments.document, settings)
    _print(f"{render.harmless(arguments.document)} is out of the index; its file is untouched.")
    return ANSWERED


def _doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    findings = examine(find(settings.data_dir, Path.cwd()), recipe(settings, Embedder(settings).name), settings)
    _print(render.findings(findings))
    return FAULT if any(finding.state == "wrong" for finding in findings) else ANSWERED


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
