"""Find connectors and emulators by name, through entry points: built-ins register as third parties do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

from okrsync.errors import ConfigError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from okrsync.emulation import Emulator
    from okrsync.ports import Connector

CONNECTORS: Final = "okrsync.connectors"
EMULATORS: Final = "okrsync.emulators"
CONTRACT: Final = 1


class Connectors(Mapping[str, "Connector"]):
    """All installed connectors; they are looked for, and each is imported, on first use.

    Raises ``ConfigError`` if one cannot be imported, is no ``Connector``, or was made for another contract.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Connector] = {}

    @cached_property
    def _found(self) -> dict[str, EntryPoint]:
        from importlib.metadata import entry_points

        return {one.name: one for one in entry_points(group=CONNECTORS)}

    def __getitem__(self, name: str) -> Connector:
        if name not in self._loaded:
            self._loaded[name] = _load(self._found[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._found))

    def __len__(self) -> int:
        return len(self._found)

    def distribution(self, name: str) -> str:
        """Which installed distribution a connector comes from, with its version."""
        found = self._found[name].dist
        return f"{found.name} {found.version}" if found is not None else "unknown"


def emulator_of(connector: str) -> Callable[..., Emulator] | None:
    """A function that starts the emulator of the named connector; None if there is none.

    It takes ``now``, what the emulator takes for the present.
    """
    from importlib.metadata import entry_points

    found = next(iter(entry_points(group=EMULATORS, name=connector)), None)
    return None if found is None else lambda **options: cast("Emulator", found.load()(**options))


def _load(entry: EntryPoint) -> Connector:
    from okrsync.ports import Connector

    try:
        connector = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"the connector {entry.name} ({entry.value}) cannot be loaded: {error}",
            hint="reinstall its package",
        ) from error
    if not isinstance(connector, Connector):
        raise ConfigError(f"the connector {entry.name} ({entry.value}) is no okrsync Connector")
    if connector.contract != CONTRACT:
        raise ConfigError(
            f"the connector {entry.name} keeps contract {connector.contract}, this okrsync contract {CONTRACT}",
            hint="install versions that belong together",
        )
    return connector
