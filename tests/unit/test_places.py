"""The name of a time zone: found without reading all of them, in its own case, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import TZPATH, available_timezones

import pytest

from okrsync.config import places

LISTED = next((root for root in TZPATH if (Path(root) / "Europe" / "Berlin").is_file()), None)


@pytest.mark.skipif(LISTED is None, reason="this machine has its zones in a package only")
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Indiana/Knox", "Etc/GMT+5"])
def test_a_place_is_found_without_reading_every_zone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_zones() -> set[str]:
        raise AssertionError("600 files are read")

    monkeypatch.setattr(places, "available_timezones", all_zones)
    assert places.zone_name(name) == name


def test_every_zone_has_its_name() -> None:
    assert all(places.zone_name(name) == name for name in ("UTC", "EST", "Europe/Kyiv", "Asia/Kolkata"))


@pytest.mark.parametrize(
    "name",
    [
        "europe/Berlin",
        "Europe/berlin",
        "America/indiana/Knox",
        "America/Indiana",
        "/Europe/Berlin",
        "../zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "posix/Europe/Berlin",
        "Europe//Berlin",
        "Europe/",
        "/",
        "Europe/Ber\0lin",
        "",
    ],
)
def test_what_is_no_name_of_a_zone_is_refused(name: str) -> None:
    assert name not in available_timezones()
    with pytest.raises(ValueError, match="there is no time zone"):
        places.zone_name(name)
