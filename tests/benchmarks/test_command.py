"""The command line of the benchmarks explains itself."""

import pytest

from benchmarks import __main__ as command


@pytest.mark.parametrize("group", ["", "soundness", "corpus", "forms", "significance", "verified"])
def test_every_command_has_help(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([*group.split(), "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m benchmarks {group}".rstrip())
