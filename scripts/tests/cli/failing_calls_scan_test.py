"""Every call of each kind fails in turn: once, and from there on."""

import errno

import pytest

from failing_calls import CALLS, COMMANDS, Command, build


@pytest.mark.parametrize("name", COMMANDS)
def test_every_call(program, tmp_path, name):
    library = build(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    command = Command(program, library, name, folder)
    for call, error in CALLS.items():
        number = getattr(errno, error)
        fates = {}
        for k in range(1, command.calls(call) + 1):
            for fault in (f"{call}:{k}:{number}", f"{call}:{k}+:{number}"):
                fate = command.check(fault)
                fates[fate] = fates.get(fate, 0) + 1
        print(f"{name}: {call}: {fates}")
