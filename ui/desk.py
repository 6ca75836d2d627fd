"""Where the questions of a server pass: each is told to the log, and none is taken any more once it ends."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from index import Evidence
from index.errors import PolyciteError, UsageError
from index.language import detect_language
from qa import Answer, AnswerReady, Chatbot, Event, Verification, Wishes
from qa.types import NO_WISHES
from ui.log import LOG, beginning, described

ENDING = "polycite is being shut down and takes no more questions; ask again once it is back"

Kind = Literal["ask", "chat", "search", "verify"]


class Desk:
    """Asks on behalf of the page's visitors, programs and assistants; safe across threads."""

    def __init__(self, bot: Callable[[], Chatbot], *, log_texts: bool) -> None:
        """``bot`` says who answers."""
        self._bot = bot
        self._log_texts = log_texts
        self._changed = threading.Condition()
        self._in_hand = 0
        self._closed = False

    def ask(
        self, kind: Kind, question: str, history: Sequence[Answer] = (), wishes: Wishes = NO_WISHES
    ) -> Generator[Event, None, None]:
        """Answer a question as it goes (see ``Chatbot.stream``)."""
        with self._taken(kind, question) as line:
            bot = self._bot()
            with closing(bot.stream(question, history, wishes)) as events:
                for event in events:
                    line.came()
                    if isinstance(event, AnswerReady):
                        line.answered(event.answer, bot.model_name)
                    yield event

    def search(self, question: str, k: int) -> list[Evidence]:
        """Find passages (see ``Index.search``)."""
        with self._taken("search", question) as line:
            found = self._bot().index.search(question, k)
            line.found(len(found), {item.source for item in found})
            return found

    def verify(self, text: str) -> Verification:
        """Hold a text against the documents (see ``Chatbot.verify``)."""
        with self._taken("verify", text) as line:
            checked = self._bot().verify(text)
            line.found(len(checked.citations), {citation.source for citation in checked.citations})
            return checked

    def turned_away(self, kind: Kind) -> None:
        """Tell the log of a question that found no place in the queue."""
        line = _Line(kind, None)
        line.failed(UsageError("the queue is full"))
        line.write(log_texts=False)

    def close(self, patience: float) -> bool:
        """Take no more questions, and wait for those in hand; whether all of them were answered in time."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: not self._in_hand, patience)

    @contextmanager
    def _taken(self, kind: Kind, text: str) -> Iterator[_Line]:
        """A question in hand.

        Raises:
            PolyciteError: it was refused, or failed; also where nobody foresaw how.
        """
        line = _Line(kind, text)
        with self._changed:
            self._in_hand += 1
            closed = self._closed
        try:
            if closed:
                raise UsageError(ENDING)
            yield line
        except PolyciteError as error:
            line.failed(error)
            raise
        except Exception as error:  # one boundary: who asked is told what it is, and the log where
            line.failed(error)
            raise PolyciteError(f"unexpected {type(error).__name__}; the log of the server says where") from None
        finally:
            line.write(log_texts=self._log_texts)
            with self._changed:
                self._in_hand -= 1
                self._changed.notify_all()


@dataclass
class _Line:
    """What the log is told of a question."""

    kind: Kind
    text: str | None
    started: float = field(default_factory=time.perf_counter)
    told: dict[str, object] = field(default_factory=dict)
    texts: dict[str, object] = field(default_factory=dict)

    def came(self) -> None:
        """An event came; the first is timed."""
        self.told.setdefault("first_ms", self._passed())

    def answered(self, answer: Answer, model: str) -> None:
        """The answer came."""
        self._came_of("abstained" if answer.abstained else "quotes" if answer.model == "none" else "worded")
        self.told |= {"language": answer.language, "citations": len(answer.citations), "model": "none"}
        if answer.receipt.asked:
            self.told |= {"model": model, "model_ms": _ms(answer.timings["model"])}
        if answer.receipt.fault:
            self.told["error"] = {"type": "ModelError", "message": beginning(answer.receipt.fault)}
        self.texts |= {"answer": answer.text, "sources": sorted({citation.source for citation in answer.citations})}

    def found(self, citations: int, sources: set[str]) -> None:
        """What was looked for was found, or not."""
        self.came()
        self._came_of("quotes" if citations else "abstained")
        self.told |= {"language": detect_language(self.text or ""), "citations": citations, "model": "none"}
        self.texts["sources"] = sorted(sources)

    def failed(self, error: Exception) -> None:
        """There is no answer."""
        self._came_of("refused" if isinstance(error, UsageError) else "fault")
        self.told["error"] = described(error)
        self.texts["said"] = str(error)

    def write(self, *, log_texts: bool) -> None:
        """Write it; where nothing is known of an end, whoever asked went away before it."""
        self.told.setdefault("outcome", "stopped")
        fields = {"id": uuid.uuid4().hex[:12], "kind": self.kind} | self.told | {"total_ms": self._passed()}
        LOG.info("question", extra=fields | ({"text": self.text} | self.texts if log_texts else {}))

    def _came_of(self, outcome: str) -> None:
        self.told["outcome"] = outcome

    def _passed(self) -> float:
        return _ms(time.perf_counter() - self.started)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
