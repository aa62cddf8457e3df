"""Turn a date in JQL, literal or function, into the span that it covers for the person who asks."""

from __future__ import annotations

from dataclasses import dataclass

from okrsync_emulators.jira import moments
from okrsync_emulators.jira.moments import Span
from okrsync_emulators.jira.tree import Call, Literal, Operand
from okrsync_emulators.jira.values import Asker, worded
from okrsync_emulators.jira.world import World


@dataclass(frozen=True, slots=True)
class Dates:
    """Reads dates for ``asker``; ``now`` is the moment at which the whole query is answered."""

    world: World
    asker: Asker
    now: int

    def span(self, operand: Operand, name: str) -> Span:
        """What a date operand covers."""
        if isinstance(operand, Call):
            return Span(self._called(operand))
        if isinstance(operand, Literal):
            read = moments.read(operand.text, quoted=operand.quoted, now=self.now, zone=self.asker.zone)
            if read is not None:
                return read
        raise self.asker.refuse("bad_date", value=worded(operand).strip('"'), field=name)

    def _called(self, call: Call) -> int:
        function = moments.function(call.name)
        if function is None:
            raise self.asker.refuse("no_function", function=f"{call.name}()")
        most = 0 if call.name.casefold() == "now" else 1
        if len(call.arguments) > most:
            raise self.asker.refuse(
                "bad_arguments", function=call.name, expected=most, received=len(call.arguments)
            )
        increment = call.arguments[0] if call.arguments else None
        found = function(increment, self.now, self.asker.zone, self.asker.locale)
        if found is None:
            raise self.asker.refuse("bad_increment", function=call.name)
        return found
