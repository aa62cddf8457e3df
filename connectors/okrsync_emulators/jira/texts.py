"""Refuse in Jira's words, in the language of the person who asks.

The English texts are Jira's own where the reference or Jira's source gives them. ``# Unknown`` marks wording made up
here: tests of a client may rely on the status code and on a message being there, not on its words.
"""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """A request that Jira answers with an error: ``status``, and texts in the shape of its error collection."""

    def __init__(
        self,
        status: int,
        *messages: str,
        body: Mapping[str, object] | None = None,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status}: {', '.join(messages)}")
        self.status = status
        self.messages = messages
        self.body = body
        self.html = html
        self.headers = dict(headers or {})


GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
NOT_SIGNED_IN = "Client must be authenticated to access this resource."

_ENGLISH: Mapping[str, str] = {
    "no_field": "Field '{field}' does not exist or you do not have permission to view it.",
    "no_value": "The value '{value}' does not exist for the field '{field}'.",
    "no_key": "An issue with key '{value}' does not exist for field '{field}'.",
    "no_id": "A value with ID '{value}' does not exist for the field '{field}'.",
    "no_operator": "The operator '{operator}' is not supported by the '{field}' field.",
    "no_function": "Unable to find JQL function '{function}'.",
    "no_empty": "The field '{field}' does not support searching for EMPTY values.",
    "no_history": "History searches do not support the '{field}' field.",
    "bad_date": (
        "Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    ),
    "bad_number": "Value '{value}' is invalid for the '{field}' field. Please enter a number.",  # Unknown: the words
    "bad_list": "Operator '{operator}' does not support the list value {value} for field '{field}'.",
    "no_list": "Operator '{operator}' does not support the non-list value '\"{value}\"' for field '{field}'.",
    "bad_increment": "Duration for function '{function}' should have the format (+/-)n(yMwdhm), e.g -1M for 1 month earlier.",
    "bad_arguments": "Function '{function}' expected '{expected}' arguments but received '{received}'.",
    "too_many_sorts": "The maximum number of ORDER BY fields is 7.",  # Unknown: the words
    "cyclic_filter": "Field 'filter' with value '{value}' matches filter and causes a cyclical reference.",
}
# Unknown: the words of Jira's translations; that there are translations is what a client must bear.
_GERMAN: Mapping[str, str] = {
    "no_field": "Das Feld '{field}' existiert nicht oder Sie dürfen es nicht anzeigen.",
    "no_value": "Der Wert '{value}' ist für das Feld '{field}' nicht vorhanden.",
    "no_key": "Ein Vorgang mit dem Schlüssel '{value}' ist für das Feld '{field}' nicht vorhanden.",
    "no_id": "Ein Wert mit der ID '{value}' ist für das Feld '{field}' nicht vorhanden.",
    "no_operator": "Der Operator '{operator}' wird vom Feld '{field}' nicht unterstützt.",
    "no_function": "Die JQL-Funktion '{function}' wurde nicht gefunden.",
    "bad_date": "Der Datumswert '{value}' für das Feld '{field}' ist ungültig.",
}


def say(language: str, text: str, **values: object) -> str:
    """The message ``text`` with its ``values``, in German if ``language`` is ``de`` and a translation is known."""
    words = _GERMAN if language == "de" else _ENGLISH
    return words.get(text, _ENGLISH[text]).format(**values)


def bad_request(language: str, text: str, **values: object) -> Refusal:
    return Refusal(400, say(language, text, **values))
