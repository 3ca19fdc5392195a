"""Messages composed from texts: one wording per template and language, and three forms of it that cannot disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from jinja2 import DictLoader, StrictUndefined, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

from kernel.errors import Refused, Unreadable
from services.notifications.domain.balance import Section
from services.notifications.domain.formatting import LOCALES, format_date, format_money

LABELS = "labels"
# What a text may speak of; anything else is a mistake that start-up finds.
VARIABLES = frozenset({"name", "creditor", "total", "pay_by", "today", "account_number", "count"})
_LABEL_KEYS = frozenset(
    "paper honorific salutation closing signature number issued_on due_on open credit total pay_by bank account date reply page".split()
)
_TEXT_KEYS = frozenset({"subject", "before", "after"})


class UnknownTemplate(Refused):
    """No template of that name."""

    code = "UNKNOWN_TEMPLATE"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is written to, as the account knows them."""

    name: str
    address: tuple[str, ...]
    debtor_type: str
    account_number: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes."""

    name: str
    creditor: str
    address: tuple[str, ...]
    email: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Table:
    """One currency's items as strings: number, date, due date, open amount."""

    rows: tuple[tuple[str, str, str, str], ...]
    total: str
    bank: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in one language, before it has a form."""

    language: str
    subject: str
    today: str
    recipient: tuple[str, ...]
    sender: tuple[str, ...]
    sender_name: str
    reply_to: str
    account_number: str
    salutation: str
    before: tuple[str, ...]
    tables: tuple[Table, ...]
    pay_by: str
    after: tuple[str, ...]
    closing: str
    labels: Mapping[str, Any]


class Texts:
    """All texts and mail layouts. Raises Unreadable when a translation is missing or speaks of what it cannot know."""

    def __init__(self, texts: Mapping[tuple[str, str], Mapping[str, Any]], layouts: Mapping[str, str]) -> None:
        self._texts = texts
        self._plain = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
        self._plain.loader = DictLoader({name: text for name, text in layouts.items() if not name.endswith(".html")})
        self._html = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
        self._html.loader = DictLoader({name: text for name, text in layouts.items() if name.endswith(".html")})
        self.names = frozenset(name for name, _ in texts) - {LABELS}
        self._check()

    def require(self, name: str) -> None:
        """Refuses: UNKNOWN_TEMPLATE."""
        if name not in self.names:
            raise UnknownTemplate(f"no template {name!r}", template=name)

    def compose(
        self, name: str, language: str, recipient: Recipient, sender: Sender, sections: Sequence[Section], today: date, pay_by: date
    ) -> Letter:
        """Say it in the language. Refuses: UNKNOWN_TEMPLATE, UNKNOWN_LANGUAGE."""
        self.require(name)
        total = " + ".join(format_money(section.total_minor, section.currency, language) for section in sections)
        facts: Mapping[str, Any] = {
            "name": recipient.name,
            "creditor": sender.creditor,
            "total": total,
            "pay_by": format_date(pay_by, language),
            "today": format_date(today, language),
            "account_number": recipient.account_number,
            "count": sum(len(section.items) for section in sections),
        }
        text, labels = self._texts[name, language], self._texts[LABELS, language]

        def say(source: str) -> str:
            return self._plain.from_string(source).render(facts).strip()

        return Letter(
            language=language,
            subject=say(text["subject"]),
            today=facts["today"],
            recipient=(recipient.name + labels["honorific"][recipient.debtor_type], *recipient.address),
            sender=sender.address,
            sender_name=sender.name,
            reply_to=sender.reply_to,
            account_number=recipient.account_number,
            salutation=say(labels["salutation"]),
            before=tuple(map(say, text["before"])),
            tables=tuple(_table(section, language, labels["credit"]) for section in sections),
            pay_by=facts["pay_by"],
            after=tuple(map(say, text["after"])),
            closing=say(labels["closing"]),
            labels=labels,
        )

    def mail_text(self, letter: Letter) -> str:
        """The letter as plain text."""
        return self._plain.get_template("mail.txt").render(letter=letter, labels=letter.labels)

    def mail_html(self, letter: Letter) -> str:
        """The letter as HTML; every value is escaped."""
        return self._html.get_template("mail.html").render(letter=letter, labels=letter.labels)

    def _check(self) -> None:
        for name in (*self.names, LABELS):
            for language in LOCALES:
                place = f"{name}.{language}"
                text = self._texts.get((name, language))
                if text is None:
                    raise Unreadable("MISSING_TRANSLATION", f"no text {place}", place=place)
                if set(text) != (_LABEL_KEYS if name == LABELS else _TEXT_KEYS):
                    raise Unreadable("INVALID", f"text {place} has the wrong parts", place=place)
                self._check_variables(text, place)

    def _check_variables(self, text: Mapping[str, Any], place: str) -> None:
        for part in text.values():
            for source in part if isinstance(part, list) else [part] if isinstance(part, str) else part.values():
                try:
                    unknown = meta.find_undeclared_variables(self._plain.parse(source)) - VARIABLES
                except TemplateError as error:
                    raise Unreadable("INVALID", f"text {place}: {error}", place=place) from None
                if unknown:
                    raise Unreadable("INVALID", f"text {place} speaks of {', '.join(sorted(unknown))}", place=place)


def letter_data(letter: Letter) -> dict[str, Any]:
    """The letter as data for the printed form."""
    return asdict(letter)


def _table(section: Section, language: str, credit: str) -> Table:
    rows = [
        (
            f"{item.number} ({credit})" if item.open_minor < 0 else item.number,
            format_date(item.issued_on, language),
            format_date(item.due_on, language) if item.open_minor > 0 else "",
            format_money(item.open_minor, section.currency, language),
        )
        for item in section.items + section.credits
    ]
    return Table(tuple(rows), format_money(section.total_minor, section.currency, language), section.bank)
