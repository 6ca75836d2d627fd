"""The conversation, with what is asked of it and said about it; the evidence beside it.

What a visitor asked is in ``gr.State`` alone; the library, its index and its model are shared by all.
"""

from __future__ import annotations

import html
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

import gradio as gr
from gradio.components.chatbot import ChatbotDataMessages, TextMessage

from index import Settings
from index.errors import IndexMissingError, PolyciteError
from index.language import detect_language
from qa import Answer, AnswerReady, DraftToken, EvidenceFound, SentenceVerified, Wishes
from qa.types import AnswerSentence, Citation
from ui import feedback, markup
from ui.desk import Desk
from ui.export import markdown
from ui.library import Library
from ui.programs import AT_ONCE
from ui.visitor import PRIVATE, asset, opener, update, words_of
from ui.words import Words

REDRAWN_S = 0.1  # a draft is shown again at most so often
REASONS = ("wrong_quote", "missing", "untrue", "unclear", "else")
EXAMPLES = (
    "How long did the meeting last, and who took part?",
    "Wer leitet das Unternehmen?",
    "Quels sont les montants annoncés ?",
    "他们会面谈了什么？",
    "何時會推出新產品？",
)

Turns = list[Answer | None]  # by turn; None where one was stopped


def show_as_typed(chatbot: gr.Chatbot) -> None:
    """Have a chatbot show what visitors type as they typed it, and not read it as Markdown or HTML.

    No subclass does this, since for one Gradio writes a stub file beside its source.
    """
    to_browser, from_browser = chatbot.postprocess, chatbot.preprocess

    def postprocess(value: list[Any] | None) -> ChatbotDataMessages:
        shown = to_browser(value)
        for part in _typed(shown):
            part.text = markup.typed(html.unescape(part.text))  # an edited one is escaped already
        return shown

    def preprocess(payload: ChatbotDataMessages | None) -> list[Any]:
        for message in payload.root if payload else ():
            # A visitor types text; any other part would have Gradio read a file that the part names.
            message.content = [part for part in message.content if isinstance(part, TextMessage)]
        for part in _typed(payload) if payload else ():
            part.text = html.unescape(part.text)
        return from_browser(payload)

    chatbot.postprocess = postprocess  # type: ignore[method-assign]
    chatbot.preprocess = preprocess  # type: ignore[method-assign]


def _typed(messages: ChatbotDataMessages) -> list[TextMessage]:
    parts = [part for message in messages.root if message.role == "user" for part in message.content]
    return [part for part in parts if isinstance(part, TextMessage)]


class ChatPanel:
    """The conversation and its settings."""

    def __init__(self, library: Library, desk: Desk, settings: Settings, i18n: gr.I18n) -> None:
        """Lay it out in the column that is open; ``evidence`` is to be rendered elsewhere."""
        self.library = library
        self.desk = desk
        self.settings = settings
        self.i18n = i18n
        turns = gr.State([])
        self.evidence = gr.HTML(
            render=False, js_on_load=asset("page.js"), server_functions=[opener(self.library)], elem_id="evidence"
        )
        chatbot = gr.Chatbot(
            label=i18n("chat"),
            placeholder=i18n("welcome"),  # type: ignore[arg-type]  # Gradio's own stub lags behind
            buttons=["copy", "copy_all"],  # and no "share", which would send it elsewhere
            height="65vh",
            latex_delimiters=[],
            elem_id="chat",
            group_consecutive_messages=False,
            feedback_options=("Like", "Dislike"),
        )
        show_as_typed(chatbot)
        with gr.Accordion(i18n("settings"), open=False, render=False) as more:
            self.who = gr.Radio([], label=i18n("who_answers"), elem_id="who")
            passages = gr.Slider(1, 20, self.settings.passages, step=1, label=i18n("passages"))
            self.languages = gr.CheckboxGroup([], label=i18n("languages"), elem_id="languages")
        gr.ChatInterface(
            self.respond,
            chatbot=chatbot,
            textbox=gr.Textbox(
                placeholder=i18n("question"),
                submit_btn=True,
                stop_btn=True,
                autofocus=True,
                max_length=self.settings.max_question_chars,
                elem_id="question",
            ),
            additional_inputs=[turns, passages, self.languages, self.who],
            additional_outputs=[turns, self.evidence],
            examples=[[example] for example in EXAMPLES],
            editable=True,
            concurrency_limit=AT_ONCE,
            show_progress="minimal",  # tells who waits their place
            **PRIVATE,
            analytics_enabled=False,
        )
        self._feedback(chatbot, turns)
        more.render()
        self._after(chatbot, turns)

    def _feedback(self, chatbot: gr.Chatbot, turns: gr.State) -> None:
        i18n = self.i18n
        judged = gr.State(None)
        with gr.Group(visible=False) as form:
            reason = gr.Radio([], label=i18n("feedback_why"), elem_id="reason")
            comment = gr.Textbox(label=self.i18n("feedback_comment"), max_length=2000)
            send = gr.Button(i18n("feedback_send"), size="sm")
        chatbot.like(self.judge, [turns], [judged, form, reason, comment], **PRIVATE)
        send.click(self.explain, [turns, judged, reason, comment], [form], **PRIVATE)

    def _after(self, chatbot: gr.Chatbot, turns: gr.State) -> None:
        hidden = gr.Textbox(visible=False)
        with gr.Row():
            export = gr.Button(self.i18n("export"), size="sm")
            clear = gr.Button(self.i18n("clear"), size="sm")
        save = export.click(self.export, [turns], [hidden], **PRIVATE)
        save.then(None, [hidden], js=asset("save.js"))
        for event in (clear.click, chatbot.clear):
            event(self.forget, outputs=[chatbot, turns, self.evidence], **PRIVATE)

    def respond(
        self,
        question: str,
        history: list[dict[str, Any]],
        turns: Turns,
        passages: int,
        languages: list[str],
        who: str,
        request: gr.Request,
    ) -> Generator[tuple[str, Turns, str], None, None]:
        """Answer as it goes; stopping closes the generator, and with it the model's stream."""
        say = words_of(request)
        question = html.unescape(question)  # an edited one comes as it was shown
        # What is retried, edited or undone is no longer in the history.
        turn = sum(1 for message in history if message["role"] == "user")
        before = turns[:turn]
        kept: Turns = [*before, *[None] * (turn + 1 - len(before))]
        shown = _Shown(turn, detect_language(question), say)
        panel = self.quotes(before, say)
        yield markup.notice(say("searching")), kept, panel
        wishes = Wishes(passages=int(passages), languages=tuple(languages), worded=who != "quotes")
        try:
            answered = [answer for answer in before if answer]
            with closing(self.desk.ask("chat", question, answered, wishes)) as events:
                for event in events:
                    if isinstance(event, AnswerReady):
                        kept = [*kept[:-1], event.answer]
                        panel = self.quotes(kept, say)
                        yield markup.answer(event.answer, turn, say), kept, panel
                    elif shown.take(event):
                        yield shown.html(), kept, panel
        except IndexMissingError:
            yield markup.notice(say("no_documents")), kept, panel
        except PolyciteError as error:
            yield markup.notice(str(error)), kept, panel

    def quotes(self, turns: Sequence[Answer | None], say: Words) -> str:
        """The evidence behind the answers."""
        given = [(turn, answer) for turn, answer in enumerate(turns) if answer]
        sources = {citation.source for _, answer in given for citation in answer.citations}
        documents = {source: found for source in sources if (found := self.library.document(source))}
        return markup.evidence(given, documents, say)

    def forget(self, request: gr.Request) -> tuple[list[Any], Turns, str]:
        """Begin a new conversation."""
        return [], [], self.quotes([], words_of(request))

    def export(self, turns: Turns) -> str:
        """The conversation as Markdown."""
        return markdown([answer for answer in turns if answer])

    # -- feedback

    def judge(self, turns: Turns, event: gr.LikeData, request: gr.Request) -> tuple[int, Any, Any, Any]:
        """Save a thumb; a thumb down asks for the reason."""
        place = event.index[0] if isinstance(event.index, (list, tuple)) else event.index
        turn = int(place) // 2
        say = words_of(request)
        down = event.liked is not True
        self._save(turns, turn, "down" if down else "up")
        gr.Info(say("feedback_thanks"))
        reasons = [(say(f"reason_{reason}"), reason) for reason in REASONS]
        return turn, update(visible=down), update(choices=reasons, value=None), ""

    def explain(
        self, turns: Turns, turn: int | None, reason: str | None, comment: str, request: gr.Request
    ) -> dict[str, Any]:
        """Save the reason for a thumb down."""
        if turn is not None:
            self._save(turns, turn, "down", reason or "", comment)
            gr.Info(words_of(request)("feedback_thanks"))
        return update(visible=False)

    def _save(self, turns: Turns, turn: int, verdict: str, reason: str = "", comment: str = "") -> None:
        answer = turns[turn] if turn < len(turns) else None
        if answer:
            fingerprint = self.library.bot().index.fingerprint()
            feedback.save(self.library.data_dir, answer, verdict, fingerprint, reason, comment)

    def choices(self, say: Words) -> dict[str, Any]:
        """Who may answer: what is there, or what is missing and how to get it."""
        quotes = (say("quotes_only"), "quotes")
        choice = self.library.choice
        if choice.model is None:
            return update(choices=[quotes], value="quotes", info=say("no_model", why=choice.why))
        model = (say("model_words", name=choice.model.name), "model")
        bundled = choice.model.provider == "llamacpp" and self.settings.model is None
        info = f"{choice.why}. {say('larger_model')}" if bundled else choice.why
        return update(choices=[model, quotes], value="model", info=info)


class _Shown:
    """What of an answer is shown while it is made: verified sentences, and a draft that is named so."""

    def __init__(self, turn: int, language: str, say: Words) -> None:
        self._turn = turn
        self._language = language
        self._say = say
        self._sentences: list[AnswerSentence] = []
        self._citations: dict[int, Citation] = {}
        self._draft = ""
        self._drawn = 0.0

    def take(self, event: EvidenceFound | DraftToken | SentenceVerified) -> bool:
        """Take in an event; whether it is worth drawing now."""
        if isinstance(event, SentenceVerified):
            if self._draft:
                return False  # the whole answer comes at once, numbered anew
            self._sentences.append(event.sentence)
            self._citations |= {citation.number: citation for citation in event.citations}
        elif isinstance(event, DraftToken):
            self._draft += event.text
            if time.monotonic() - self._drawn < REDRAWN_S:
                return False
        else:
            return False
        self._drawn = time.monotonic()
        return True

    def html(self) -> str:
        """The verified sentences, and the draft below them."""
        body = markup.sentences(self._sentences, self._citations, self._turn, self._language)
        return f'<div class="pc-answer">{body}</div>' + (markup.draft(self._draft, self._say) if self._draft else "")
