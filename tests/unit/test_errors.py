import pytest

from okrsync.errors import AccessError, Busy, ConfigError, DataError, ExitCode, UnsafePlan, exit_code_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (DataError("x"), 3),
        (UnsafePlan("x"), 10),
        (Busy("x"), 11),
        (AccessError("x"), 12),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 1),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert exit_code_of(error) == ExitCode(code)


def test_an_error_says_where_and_what_to_do() -> None:
    assert str(ConfigError("no", hint="yes", place="a.yaml:1:2")) == "a.yaml:1:2: no\n  → yes"
    assert str(ConfigError("no")) == "no"
