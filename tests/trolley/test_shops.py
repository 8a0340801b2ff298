"""The shop that a command works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from trolley.environment import operator_environment
from trolley.errors import CommandFailed, NoShopChosen
from trolley.local.environment import ADDRESSES, note_addresses
from trolley.local.lock import sole_run
from trolley.shops import LocalShop, find_shop, pointed_out, running_shops


class Machine:
    """A user's state folder, and shops that "run" in this process: it holds their locks."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.environ = {"XDG_STATE_HOME": str(folder / "state")}
        self._stack = stack

    def run(self, name: str, port: int, *, pointed: bool = True) -> Path:
        data = self.folder / name / ".data"
        self._stack.enter_context(sole_run(data))
        note_addresses(data, {"GATEWAY_PORT": str(port), "NATS_URL": f"nats://127.0.0.1:{port + 1}"})
        if pointed:
            self._stack.enter_context(pointed_out(data, self.environ))
        return data

    def find(self, *own: Path, **environ: str) -> LocalShop | None:
        return find_shop({**self.environ, **environ}, own or [self.folder / "elsewhere"])


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(tmp_path, stack)


def ended_shop(folder: Path, port: int = 3000) -> Path:
    """The folder of a shop that has run."""
    data = folder / ".data"
    with sole_run(data):
        note_addresses(data, {"GATEWAY_PORT": str(port)})
    return data


def test_the_only_shop_that_runs_is_found_from_anywhere(machine: Machine) -> None:
    data = machine.run("one", 3105)
    found = machine.find()
    assert found is not None
    assert (found.directory, found.running, found.url) == (data, True, "http://localhost:3105")
    assert found.recorded["NATS_URL"] == "nats://127.0.0.1:3106"


def test_where_nothing_runs_nothing_is_found(machine: Machine) -> None:
    assert machine.find() is None


def test_the_folder_s_own_shop_comes_first(machine: Machine) -> None:
    machine.run("one", 3105)
    own = machine.run("two", 3106, pointed=False)
    assert (found := machine.find(own)) is not None
    assert found.directory == own


def test_an_own_shop_that_ended_is_found_where_none_runs(machine: Machine) -> None:
    own = ended_shop(machine.folder / "own")
    assert (ended := machine.find(own)) is not None
    assert (ended.directory, ended.running) == (own, False)


@pytest.mark.parametrize("others", [1, 2])
def test_an_own_shop_that_ended_is_never_replaced_by_another_one(machine: Machine, others: int) -> None:
    """A command may delete an account or a key: it does not do so in somebody else's shop."""
    own = ended_shop(machine.folder / "own")
    for number in range(others):
        machine.run(f"other{number}", 3105 + number)
    with pytest.raises(NoShopChosen, match=rf"(?s)Your shop \({own}\) does not run\..*--shop 3105 .*other0"):
        machine.find(own)


def test_an_own_shop_that_starts_for_the_first_time_is_never_replaced_either(machine: Machine) -> None:
    machine.run("other", 3105)
    own = machine.folder / "own" / ".data"
    with sole_run(own), pytest.raises(NoShopChosen, match=rf"(?s){own}.* starting.*--shop 3105"):
        machine.find(own)


def test_the_shop_of_the_folder_decides_before_that_of_the_clone(machine: Machine) -> None:
    """The command line of one clone, typed in another one."""
    clone = machine.run("clone", 3105, pointed=False)
    here = ended_shop(machine.folder / "here")
    with pytest.raises(NoShopChosen, match=rf"(?s){here}.*--shop 3105"):
        machine.find(here, clone)
    with sole_run(here):
        note_addresses(here, {"GATEWAY_PORT": "3106"})
        assert (found := machine.find(here, clone)) is not None
        assert found.directory == here


def test_a_folder_of_data_without_a_shop_s_does_not_keep_the_only_one_from_being_found(
    machine: Machine,
) -> None:
    data = machine.run("one", 3105)
    other = machine.folder / "project" / ".data"
    other.mkdir(parents=True)
    assert (found := machine.find(other)) is not None
    assert found.directory == data


@pytest.mark.parametrize("choice", [{"TROLLEY_SHOP": "3105"}, {"TROLLEY_URL": "http://localhost:3105"}])
def test_another_shop_than_the_own_one_is_used_if_it_is_named(
    machine: Machine, choice: dict[str, str]
) -> None:
    own = ended_shop(machine.folder / "own")
    data = machine.run("one", 3105)
    assert (found := machine.find(own, **choice)) is not None
    assert found.directory == data


def test_the_only_shop_that_runs_is_named_when_it_is_used(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = machine.run("one", 3105)
    (machine.folder / "elsewhere").mkdir()
    monkeypatch.chdir(machine.folder / "elsewhere")
    assert operator_environment(machine.environ)["NATS_URL"] == "nats://127.0.0.1:3106"
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"Using the shop in {data} (port 3105).\n")
    operator_environment({**machine.environ, "TROLLEY_SHOP": "3105"})
    operator_environment(machine.environ, url="http://localhost:3105")
    monkeypatch.chdir(data.parent)
    operator_environment(machine.environ)
    assert capsys.readouterr().err == ""


def test_a_chosen_shop_that_ended_is_not_looked_for_on_its_old_port(machine: Machine) -> None:
    """Another shop may have the port by now."""
    ended = ended_shop(machine.folder / "own", 3105)
    machine.run("one", 3105)
    environ = {**machine.environ, "TROLLEY_SHOP": str(ended)}
    with pytest.raises(NoShopChosen, match=rf"(?s){ended}.* does not run\..*--shop 3105"):
        operator_environment(environ)
    closed = operator_environment(environ, running=False)
    assert closed["SQLITE_DIRECTORY"] == str(ended / "store")


def test_of_several_one_has_to_be_chosen_and_each_is_told(machine: Machine) -> None:
    machine.run("one", 3105)
    machine.run("two", 3106)
    with pytest.raises(CommandFailed, match=r"(?s)--shop 3105 .*one.*--shop 3106 .*two"):
        machine.find()


@pytest.mark.parametrize(
    "choice",
    [
        {"TROLLEY_SHOP": "3106"},
        {"TROLLEY_SHOP": "{folder}/two"},
        {"TROLLEY_SHOP": "{folder}/two/.data"},
        {"TROLLEY_URL": "http://localhost:3106"},
        {"TROLLEY_URL": "http://127.0.0.1:3106/"},
        {"GATEWAY_PORT": "3106"},
    ],
)
def test_one_is_chosen_by_port_folder_or_address(machine: Machine, choice: dict[str, str]) -> None:
    machine.run("one", 3105)
    data = machine.run("two", 3106)
    found = machine.find(**{name: value.format(folder=machine.folder) for name, value in choice.items()})
    assert found is not None
    assert found.directory == data


@pytest.mark.parametrize("choice", ["3999", "/nowhere"])
def test_a_choice_that_is_none_names_those_that_run(machine: Machine, choice: str) -> None:
    machine.run("one", 3105)
    with pytest.raises(CommandFailed, match=rf"(?s)no shop .*{choice}.*--shop 3105"):
        machine.find(TROLLEY_SHOP=choice)


@pytest.mark.parametrize("choice", ["3105", "3999", "/nowhere"])
def test_the_url_of_a_command_wins_over_the_chosen_shop(machine: Machine, choice: str) -> None:
    machine.run("one", 3105)
    machine.run("two", 3106)
    environ = {**machine.environ, "TROLLEY_SHOP": choice}
    environment = operator_environment(environ, url="http://localhost:3106")
    assert environment["NATS_URL"] == "nats://127.0.0.1:3107"
    assert environment["TROLLEY_URL"] == "http://localhost:3106"


def test_the_url_of_a_command_elsewhere_brings_no_secrets_of_this_machine(machine: Machine) -> None:
    machine.run("one", 3105)
    environ = {**machine.environ, "TROLLEY_SHOP": "3105", "TROLLEY_URL": "http://localhost:3105"}
    environment = operator_environment(environ, url="https://shop.example")
    assert "nats://127.0.0.1:3106" not in environment.values()


def test_an_address_elsewhere_is_no_shop_of_this_machine(machine: Machine) -> None:
    machine.run("one", 3105)
    assert machine.find(TROLLEY_URL="https://shop.example") is None
    assert machine.find(TROLLEY_URL="http://[nonsense") is None


def test_a_pointer_that_was_left_behind_is_not_believed(machine: Machine) -> None:
    """The state after a SIGKILL: the process has ended, or another one has its number."""
    data = ended_shop(machine.folder / "one")
    with pointed_out(data, machine.environ):
        assert str(os.getpid()) in (data / ADDRESSES).read_text()
        assert running_shops(machine.environ) == []
        with sole_run(data):  # starting again, and not ready
            (data / ADDRESSES).write_text("RUN_PROCESS='1'\nGATEWAY_PORT='3000'\n")
            assert running_shops(machine.environ) == []


def test_a_pointer_goes_with_its_run_and_nonsense_is_passed_over(machine: Machine) -> None:
    data = ended_shop(machine.folder / "one")
    with pointed_out(data, machine.environ):
        pointers = machine.folder / "state" / "trolley" / "shops"
        assert len(list(pointers.iterdir())) == 1
        assert pointers.parent.stat().st_mode & 0o777 == 0o700
        (pointers / "0123").write_bytes(b"\x00\xff")
        (pointers / "4567").mkdir()
        assert running_shops(machine.environ) == []
    assert sorted(pointer.name for pointer in pointers.iterdir()) == ["0123", "4567"]


def test_looking_at_a_folder_does_not_keep_a_run_from_starting(machine: Machine) -> None:
    data = ended_shop(machine.folder / "one")
    for _ in range(20):
        LocalShop.in_folder(data)
        with sole_run(data):
            pass
