"""The command line: what it takes. What it does is in ui/commands.py, imported only when a command runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from evals.lists import numbers, words

ANSWERED, FAULT, USAGE, ABSTAINED, INTERRUPTED = 0, 1, 2, 3, 130

_EPILOG = (
    "Exit status: 0 answered, 3 abstained (verify: something is not supported), 2 usage, 1 a fault. "
    "Settings: flags, POLYCITE_* variables, polycite.toml."
)


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="polycite",
        description="Ask your own documents a question, in any language, and get the exact words that answer it.",
        epilog=_EPILOG,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data-dir", metavar="D", help="folder that holds the index (default: .polycite)")
    shared.add_argument("--debug", action="store_true", help="show the traceback of a fault")
    shared.add_argument("--embedder", metavar="E", help="what makes the vectors: e5 or ollama:NAME (default: e5)")
    shared.add_argument(
        "--chroma", metavar="URL", help="Chroma server that holds the index for many readers (its token: see README)"
    )
    shared.add_argument("--chroma-tenant", metavar="T", help="tenant on it (default: default_tenant)")
    shared.add_argument("--chroma-database", metavar="DB", help="database of the tenant (default: default_database)")
    shared.add_argument("--ollama-url", metavar="URL", help="where Ollama listens (default: http://127.0.0.1:11434)")
    asking = argparse.ArgumentParser(add_help=False)
    asking.add_argument("--json", action="store_true", help="print one JSON line")
    asking.add_argument(
        "--batch", metavar="FILE", help="JSON lines in, with id and question (verify: text); JSON lines out (-: stdin)"
    )

    index = commands.add_parser("index", parents=[shared], help="read a folder of documents into the index")
    index.add_argument("folder", metavar="FOLDER", help="folder with .txt, .md, .html, .pdf and .docx files")
    index.add_argument(
        "--rebuild",
        action="store_true",
        help="embed again what was embedded with other settings, take in what 'remove' took out, and begin anew, from "
        "this folder, where the index is damaged (the damaged file is moved aside)",
    )
    index.add_argument(
        "--vectors-from",
        metavar="D",
        action="append",
        default=[],
        help="take the vectors that another data directory has, perhaps another machine's, instead of embedding again "
        "(may be given more than once)",
    )
    index.add_argument("--chunk-tokens", metavar="N", help="most tokens of a chunk (default: 250)")
    index.add_argument("--max-file-mb", metavar="MB", help="skip larger files (default: 20)")

    search = commands.add_parser("search", parents=[shared, asking], help="print the passages nearest to a question")
    search.add_argument("question", metavar="Q", nargs="?")
    search.add_argument("-k", type=int, default=5, metavar="N", help="how many passages (default: 5)")

    wording = argparse.ArgumentParser(add_help=False)
    wording.add_argument(
        "--llm", help="who words the answer: auto, ollama, llamacpp, openai, none (quotes only); default: auto"
    )
    wording.add_argument(
        "--model", metavar="M", help="name of a model, or path of a GGUF file (default: llama3.2, or the bundled one)"
    )
    wording.add_argument("--base-url", metavar="URL", help="OpenAI-compatible server (its key: POLYCITE_API_KEY)")
    wording.add_argument("--pull", action="store_true", help="have Ollama fetch the model first")
    ask = commands.add_parser("ask", parents=[shared, asking, wording], help="answer a question with exact citations")
    ask.add_argument("question", metavar="Q", nargs="?")
    ask.add_argument("--passages", metavar="N", help="passages to look at (default: 8)")

    chat = commands.add_parser(
        "chat", parents=[shared, wording], help="ask one question after the other; each may lean on the one before"
    )
    chat.add_argument("--passages", metavar="N", help="passages to look at (default: 8)")

    serving = argparse.ArgumentParser(add_help=False)
    serving.add_argument(
        "--log-texts",
        action="store_const",
        const=True,
        help="have the log hold questions, answers and names of documents too (default: none of their words)",
    )
    web = commands.add_parser(
        "ui",
        parents=[shared, wording, serving],
        help="open the page in the browser: a conversation beside its evidence",
    )
    web.add_argument("folder", metavar="FOLDER", nargs="?", help="index this folder first")
    web.add_argument("--passages", metavar="N", help="passages to look at (default: 8)")
    web.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen at (default: 127.0.0.1)")
    web.add_argument("--port", type=int, default=7860, metavar="N", help="port (default: 7860; 0: any that is free)")
    web.add_argument("--auth", metavar="USER:PASSWORD", help="ask visitors for this; better in POLYCITE_AUTH")
    web.add_argument(
        "--no-auth", action="store_true", help="let anyone in who can reach another address than this machine"
    )

    tools = commands.add_parser(
        "mcp",
        parents=[shared, wording, serving],
        help="serve ask, search and verify to assistants (Model Context Protocol)",
    )
    tools.add_argument("--passages", metavar="N", help="passages to look at (default: 8)")

    verify = commands.add_parser(
        "verify", parents=[shared, asking], help="hold a text, sentence by sentence, against the documents"
    )
    verify.add_argument("text", metavar="TEXT|FILE", nargs="?", help="a text, or the name of a file that holds it")

    commands.add_parser("list", parents=[shared], help="list the documents in the index")
    show = commands.add_parser("show", parents=[shared], help="print a document's text, in which offsets count")
    show.add_argument("document", metavar="DOC", help="a name that 'polycite list' prints")
    remove = commands.add_parser(
        "remove",
        parents=[shared],
        help="take a document out of the index, never the file; it stays out until its file changes, or --rebuild",
    )
    remove.add_argument("document", metavar="DOC", help="a name that 'polycite list' prints")
    commands.add_parser("doctor", parents=[shared], help="check that the index is sound, and say what mends it")
    _add_eval(commands, shared, wording)
    return parser


def _add_eval(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
    wording: argparse.ArgumentParser,
) -> None:
    run = argparse.ArgumentParser(add_help=False, parents=[shared, wording])
    run.add_argument("--corpus", metavar="FOLDER", help="documents to ask (default: corpus)")
    run.add_argument("--out", metavar="DIR", help="where results go; an interrupted run in it is resumed")

    evals = commands.add_parser("eval", parents=[run], help="ask golden questions and report how good the answers are")
    evals.add_argument("--golden", metavar="FILE", help="golden questions (default: those of the sample corpus)")
    evals.add_argument("--split", help="tune, report or all (default: all)")
    xquad = evals.add_argument_group(
        "XQuAD instead", "a public benchmark; prints tables; --out FILE.json keeps the figures; --llm: none by default"
    )
    xquad.add_argument("--xquad", metavar="FOLDER", help="holds xquad.LANGUAGE.json (no --golden, --corpus, --split)")
    xquad.add_argument("--languages", type=words, metavar="L,L", help="default: en,de,zh,es")
    xquad.add_argument("--draws", type=numbers, metavar="N,N", help="seeds of the pool's languages (default: 1,2,3)")
    xquad.add_argument("--questions", type=int, metavar="N", help="ask only N questions, a fixed sample")
    actions = evals.add_subparsers(dest="action", metavar="ACTION")
    compare = actions.add_parser("compare", parents=[shared], help="pair two runs question by question")
    compare.add_argument("before", metavar="A", help="folder of a run")
    compare.add_argument("after", metavar="B", help="folder of a run")
    init = actions.add_parser("init", parents=[shared], help="write a first golden file for a folder of yours")
    init.add_argument("folder", metavar="FOLDER")
    init.add_argument("--golden", metavar="FILE", help="where to write it (default: FOLDER.golden.jsonl)")
    feedback = actions.add_parser(
        "feedback", parents=[shared], help="turn reviewed feedback of the page into golden rows"
    )
    feedback.add_argument("--golden", metavar="FILE", required=True, help="golden file to add them to")
    judge = actions.add_parser("judge", parents=[shared], help="ask a language model about the answers of a run")
    judge.add_argument("run", metavar="RUN", help="folder of a run")
    judge.add_argument("--model", metavar="GGUF", help="the judge (default: the bundled model)")
    judge.add_argument("--limit", type=int, metavar="N", help="judge the first N answers only")
    actions.add_parser("gate", parents=[run], help="fail below the floors, or on a regression against the baseline")
    actions.add_parser("baseline", parents=[run], help="make this state the baseline, and print what changed")
    claims = actions.add_parser("claims", parents=[shared], help="verify true and false claims, and count the mistakes")
    claims.add_argument("--corpus", metavar="FOLDER", help="documents the claims are about (default: corpus)")
    claims.add_argument("--split", help="tune, report or all (default: report)")
    claims.add_argument("--out", metavar="FILE.json", help="keep the figures and every claim's outcome")
    claims.add_argument("--failures", action="store_true", help="list the claims that were judged wrongly, and why")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if hasattr(arguments, "batch"):
        key = "text" if arguments.command == "verify" else "question"
        if (getattr(arguments, key) is None) == (arguments.batch is None):
            parser.error(f"{arguments.command} takes a {key} or --batch FILE, one of the two")

    if arguments.command == "eval":
        _check_eval(parser, arguments)

    from ui import commands

    try:
        return commands.run(arguments)
    except (Exception, KeyboardInterrupt) as error:
        if arguments.debug:
            raise
        if isinstance(error, BrokenPipeError):
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the reader is gone
            return FAULT
        from ui.render import harmless

        message, status = _explain(error)
        sys.stderr.write(harmless(f"polycite: {' '.join(message.split())}\n"))
        return status


def _check_eval(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Turn away a request for the golden questions and XQuAD at once."""
    with_xquad = arguments.xquad is not None
    misplaced = ("golden", "corpus", "split") if with_xquad else ("languages", "draws", "questions")
    for name in misplaced:
        if getattr(arguments, name, None) is not None:
            parser.error(f"eval --{name} goes {'without' if with_xquad else 'with'} --xquad")
    if with_xquad and arguments.action is not None:
        parser.error(f"eval {arguments.action} goes without --xquad")


def _explain(error: BaseException) -> tuple[str, int]:
    """One line for a fault, and the exit status."""
    from index.errors import PolyciteError, UsageError

    if isinstance(error, UsageError):
        return str(error), USAGE
    if isinstance(error, PolyciteError):
        return str(error), FAULT
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was finished is kept", INTERRUPTED
    return f"unexpected {type(error).__name__}: {error}; --debug shows where", FAULT


if __name__ == "__main__":
    sys.exit(main())
