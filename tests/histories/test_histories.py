"""Random histories lose nothing, and would be seen to if a guard of the design were taken away."""

from collections import Counter
from collections.abc import Iterator

import copier
import pytest
from ml_checklist.errors import DataError

from tests.conftest import run
from tests.histories import history, quick, small
from tests.histories.releases import commit

N_QUICK, N_ALL, N_CALIBRATED = 2, 1000, 20
# A guard of the design -> what is said when histories live without it.
GUARDS = {
    "exclude": "deleted by the update",  # `_exclude` of state on update
    "skip": "is lost or changed",  # `_skip_if_exists` of state
    "one-file": "conflict in",  # a file a tick
    "was": "nothing is known of",  # former ids
    "tombstones": "nothing is known of",
    "ids": "is another thing now|speaks of|is retired and in force|is a retired id",
    "retired": "deleted by the update",  # retired files in `_exclude`
    "names": "unknown --data name",  # names of retired questions
    "facts": "unknown fact 'has_time'",
    "gate": "the gate says",
}


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    """Copier, with what it does again and again done once."""
    with quick.quick():
        yield


@pytest.mark.parametrize("seed", range(N_QUICK))
def test_nothing_is_lost_in_a_random_history(template, seed):
    counted = history.live(template, seed)

    assert counted["updates"] >= 2
    assert counted["ticks held"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("tens", range(N_QUICK // 10, N_ALL // 10))
def test_nothing_is_lost_in_a_thousand_random_histories(template, tens):
    counted: Counter[str] = Counter()
    for seed in range(10 * tens, 10 * tens + 10):
        counted += history.live(template, seed)

    # Ten histories hold every kind of thing that could be lost.
    assert min(counted[word] for word in ("updates", "ticks held", "retired")) > 0


@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS)
def test_histories_without_a_guard_fail_within_twenty(template, guard, record_property):
    said = ""
    for seed in range(N_CALIBRATED):
        try:
            history.live(template, seed, frozenset({guard}))
        except (AssertionError, copier.errors.UserMessageError, DataError) as error:
            said = str(error)
            break

    print(f"without {guard}: history {seed + 1} of {N_CALIBRATED} fails: {said[:120]}")
    record_property("histories", seed + 1)
    assert any(word in said for word in GUARDS[guard].split("|")), said or "nothing failed"


@pytest.mark.parametrize("scaffold", ["poc", "checklist"])
def test_a_shipped_file_of_state_reaches_no_project_and_takes_none_away(
    template, tmp_path, scaffold
):
    folder, project = small.cut(template, tmp_path / "t", []), tmp_path / "project"
    tick = project / "checklist/ticks/scoping.users.yml"
    run("git", "init", "--quiet", cwd=folder)
    for version in ("v0.1.0", "v0.2.0", "v0.3.0"):
        state = folder / "template/checklist/ticks/scoping.users.yml"
        state.parent.mkdir(exist_ok=True, parents=True)
        if version == "v0.2.0":
            state.write_text("by: template\n")
        else:
            state.unlink(missing_ok=True)
        commit(folder, version)
        run("git", "tag", version, cwd=folder)

    answers = {"scaffold": scaffold}
    copier.run_copy(str(folder), project, data=answers, defaults=True, quiet=True, vcs_ref="v0.1.0")
    run("git", "init", "--quiet", cwd=project)
    commit(project, "Start")
    copier.run_update(project, defaults=True, overwrite=True, quiet=True, vcs_ref="v0.2.0")
    arrived = tick.exists()
    tick.parent.mkdir(exist_ok=True)
    tick.write_text("by: ann\n")
    commit(project, "Two")
    copier.run_update(project, defaults=True, overwrite=True, quiet=True, vcs_ref="v0.3.0")

    assert not arrived
    assert tick.read_text() == "by: ann\n"
