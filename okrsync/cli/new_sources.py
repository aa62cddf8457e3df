"""Find out with the person which sources a new company has, and look at each at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from okrsync.cli.context import Context
from okrsync.cli.output import console
from okrsync.cli.questions import Questions
from okrsync.cli.secret_files import keep_secret
from okrsync.cli.streams import echo
from okrsync.errors import AccessError, ConfigError, DataError, OkrsyncError

if TYPE_CHECKING:
    from okrsync.discovery import Discovery, Offer
    from okrsync.ports import Connector

MOST_FILES: Final = 20
SHOWN: Final = 10
JIRA_TOKEN_FILE: Final = "--jira-token-file FILE"  # noqa: S105 - the name of an option
_EXPORTS: Final = {".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".zip", ".gz"}
_DAY: Final = re.compile(r"\d{4}[-_.]?\d{2}[-_.]?\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenToken:
    """Where the command line says that a token is; ``variable`` has a default, ``file`` comes first."""

    variable: str
    file: str = ""
    option: str = "--token-file FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSources:
    """What the command line says of the sources; an empty text says nothing."""

    notion: GivenToken
    notion_url: str = ""
    jira: str = ""
    jira_email: str = ""
    jira_token: GivenToken = field(
        default_factory=lambda: GivenToken(variable="JIRA_TOKEN", option=JIRA_TOKEN_FILE)
    )
    spreadsheet: str = ""
    google_key: str = ""
    google_url: str = ""
    exports: str = ""


@dataclass(slots=True, kw_only=True)
class NewSources:
    """The sources of the company ``name``, whose YAML will be in ``folder``. ``connections`` grow as they are found."""

    context: Context
    questions: Questions
    given: GivenSources
    name: str
    folder: Path
    connections: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    found: dict[str, Discovery] = field(default_factory=dict)

    @property
    def offers(self) -> dict[str, Sequence[Offer]]:
        return {name: one.offers for name, one in self.found.items()}

    def notion(self, *, wanted: bool) -> Mapping[str, Any] | None:
        """The connection to Notion; None if the person has no token yet. ``wanted``: an option needs it."""
        base = {"url": self.given.notion_url} if self.given.notion_url else {}
        asked = "Token of your Notion connection, which Notion calls access token (empty: later)"
        return self._signed_in(
            "notion", {"type": "notion"} | base, ("token",), self.given.notion, asked, wanted
        )

    def collect(self) -> None:
        """Ask for the sources of numbers that the options leave open, and look at each."""
        self._jira()
        self._spreadsheet()
        self._exports()

    def look(self, name: str, settings: Mapping[str, Any]) -> Discovery:
        """What a connection with these settings sees. Raises what a wrong token or address raises."""
        connector = self.context.connectors[settings["type"]]
        assert connector.discover is not None
        checked, opening = opened(self.context, name, settings, self.folder)
        with console(stderr=True).status(f"looking at {name}"):
            return connector.discover(checked, opening)

    def _jira(self) -> None:
        url = self.questions.optional(
            self.given.jira, "Address of your Jira, such as https://acme.atlassian.net (empty: none)"
        ).rstrip("/")
        if not url:
            return
        cloud = (urlsplit(url).hostname or "").endswith(".atlassian.net")
        settings: dict[str, Any] = {"type": "jira", "url": url, "auth": {}}
        if cloud:
            question = "E-mail address of the Atlassian account that reads"
            settings["auth"]["email"] = self.questions.needed(
                self.given.jira_email, question, "--jira-email EMAIL"
            )
        elif self.given.jira_email:
            settings["auth"]["email"] = self.given.jira_email
        self._signed_in(
            "jira", settings, ("auth", "token"), self.given.jira_token, "Its API token", wanted=True
        )

    def _spreadsheet(self) -> None:
        address = self.questions.optional(
            self.given.spreadsheet, "Address of a Google spreadsheet with numbers (empty: none)"
        )
        if not address:
            return
        key = self.questions.needed(
            self.given.google_key, "File with the key of a Google service account", "--google-key FILE"
        )
        settings: dict[str, Any] = {
            "type": "sheets",
            "credentials": {"file": _from(self.folder, Path(key))},
            "spreadsheet": address,
        }
        settings |= {"url": self.given.google_url} if self.given.google_url else {}
        self._add("sheets", settings, self.look("sheets", settings))

    def _exports(self) -> None:
        folder = self.questions.optional(
            self.given.exports, "Folder with files exported from a CRM (empty: none)"
        )
        if not folder:
            return
        if not Path(folder).is_dir():
            raise ConfigError(f"there is no folder {folder}", hint="--exports FOLDER")
        files = list(_exported(Path(folder)))
        if not files:
            raise DataError(
                f"{folder} holds no exported file", hint=f"okrsync reads {', '.join(sorted(_EXPORTS))}"
            )
        for path in files[:MOST_FILES]:
            self._export(path)

    def _export(self, path: Path) -> None:
        name = _slug(_DAY.sub("", path.name.split(".")[0])) or "export"
        name = name if name not in self.connections else f"{name}_{len(self.connections) + 1}"
        written = Path(_from(self.folder, path))
        try:
            found = self.look(name, {"type": "crm", "path": str(written)})
        except OkrsyncError as error:
            echo(f"! {path.name} is left out: {error.message}", err=True)
            return
        # A day in the name means that more such files will come: the newest counts.
        glob = str(written.with_name(_DAY.sub("*", written.name)))
        self._add(name, {"type": "crm", "path": glob, **found.settings}, found)

    def _signed_in(
        self,
        name: str,
        settings: dict[str, Any],
        at: tuple[str, ...],
        given: GivenToken,
        question: str,
        wanted: bool,
    ) -> Mapping[str, Any] | None:
        """The settings with a token that works. A person whose token is refused is asked again."""
        place = settings
        for step in at[:-1]:
            place = place[step]
        if given.file:
            place[at[-1]] = {"file": _from(self.folder, Path(given.file))}
        elif os.environ.get(given.variable) is not None:
            place[at[-1]] = {"env": given.variable}
        elif wanted and not self.questions.asks:
            raise AccessError(
                f"the environment variable {given.variable} is not set, so there is no token for {name}",
                hint=f"export {given.variable}=…, or {given.option}",
            )
        else:
            return self._typed(name, settings, place, at[-1], question, wanted)
        if name != "notion" or self.questions.asks:
            self._add(name, settings, self.look(name, settings))
        return settings

    def _typed(
        self,
        name: str,
        settings: dict[str, Any],
        place: dict[str, Any],
        key: str,
        question: str,
        wanted: bool,
    ) -> Mapping[str, Any] | None:
        while True:
            token = (
                self.questions.needed("", question, "", hidden=True)
                if wanted
                else self.questions.optional("", question, hidden=True)
            )
            if not token:
                return None
            kept = keep_secret(self.folder, f"{self.name}.{name}", token)
            place[key] = {"file": str(kept)}
            try:
                self._add(name, settings, self.look(name, settings))
            except AccessError as error:
                # It may be asked again: a token that does not work is no file to keep.
                (self.folder / kept).unlink()
                echo(f"! {error}", err=True)
            except BaseException:
                (self.folder / kept).unlink()
                raise
            else:
                return settings

    def _add(self, name: str, settings: Mapping[str, Any], found: Discovery) -> None:
        if settings["type"] != "notion":
            self.connections[name] = settings
        self.found[name] = found
        if self.questions.asks:
            for line in seen_lines(name, found):
                echo(line, err=True)


def opened(context: Context, name: str, settings: Mapping[str, Any], folder: Path) -> tuple[Any, Any]:
    """The checked settings of a connection, and what its connector works with. Paths start from ``folder``."""
    from pydantic import ValidationError

    from okrsync.ports import ConnectorContext
    from okrsync.settings import FOLDER

    connector: Connector = context.connectors[settings["type"]]
    own = {key: value for key, value in settings.items() if key != "type"}
    try:
        checked = connector.settings.model_validate(own, context={FOLDER: folder})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{name}: {str(first['msg']).removeprefix('Value error, ')}") from None
    return checked, ConnectorContext(name=name, clock=context.clock, base=str(folder))


def seen_lines(name: str, found: Discovery) -> Iterator[str]:
    """What a connection sees, a line for each kind."""
    yield f"✓ {name}: {found.account}"
    for kind in dict.fromkeys(one.kind for one in found.resources):
        names = [
            f"{one.name} ({one.address})" if kind == "project" else one.name
            for one in found.resources
            if one.kind == kind
        ]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield f"  {kind if len(names) == 1 else kind + 's'}: {', '.join(names[:SHOWN])}{more}"
    yield from (f"  ! {note}" for note in found.notes)


def _exported(folder: Path) -> Iterator[Path]:
    """The newest file of each export: files whose names differ in nothing but a day are one export."""
    newest: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in _EXPORTS and not path.name.startswith((".", "~")):
            newest[_DAY.sub("*", path.name)] = path
    yield from newest.values()


def _from(folder: Path, path: Path) -> str:
    """The path as the YAML writes it: from its own folder if it is below it, else from the root."""
    whole = path.expanduser().absolute()
    return (
        str(whole.relative_to(folder.absolute())) if whole.is_relative_to(folder.absolute()) else str(whole)
    )


def _slug(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", text.casefold())
    slug = "_".join(words)
    return slug if slug[:1].isalpha() else ""
