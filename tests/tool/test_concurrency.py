"""Six branches with three ticks each, merged by git in any order: no conflict, nothing lost."""

import random

import pytest

N_ITEMS, N_BRANCHES, N_TICKS = 84, 6, 3


def trial(project, item, seed):
    """One trial; returns the ticks that were made."""
    chance = random.Random(seed)
    project.catalog(*(item(f"scoping.i{n}") for n in range(N_ITEMS)))
    for n in range(N_ITEMS):
        project.write(f"docs/e{n}.md", f"# Evidence {n}\n\nIt is so.\n")
    project.commit("start")
    start = project.git("rev-parse", "HEAD").strip()
    # Neighbours on purpose: items that stand side by side are where shared files conflict.
    first = chance.randrange(N_ITEMS - N_BRANCHES * N_TICKS)
    numbers = list(range(first, first + N_BRANCHES * N_TICKS))
    chance.shuffle(numbers)
    for branch in range(N_BRANCHES):
        project.git("checkout", "-q", "-b", f"b{branch}", start)
        for n in numbers[branch * N_TICKS : (branch + 1) * N_TICKS]:
            project.run("tick", f"scoping.i{n}", "-e", f"docs/e{n}.md", "--by", f"@p{branch}")
        project.commit(f"b{branch}")
    project.git("checkout", "-q", "-B", "main", start)
    order = chance.sample(range(N_BRANCHES), N_BRANCHES)
    for branch in order:
        project.git("merge", "-q", "--no-edit", f"b{branch}")
    return numbers


def check_trial(project, item, seed):
    numbers = trial(project, item, seed)
    states = project.states()

    assert project.run("validate").code == 0
    assert sorted(name for name, state in states.items() if state == "pass") == sorted(
        f"scoping.i{n}" for n in numbers
    )


@pytest.mark.parametrize("seed", range(2))
def test_branches_with_ticks_merge_without_conflict(project, item, seed):
    check_trial(project, item, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 40))
def test_forty_trials_merge_without_conflict(project, item, seed):
    check_trial(project, item, seed)


def test_a_squash_merge_loses_no_evidence(project):
    project.git("checkout", "-q", "-b", "work")
    project.write("docs/users.md", "# Users\n\nSales.\n")
    project.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann")
    project.commit("work")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--squash", "work")
    project.commit("squashed")

    assert project.states()["scoping.users"] == "pass"


def test_two_people_who_answer_one_item_differently_conflict(project):
    for name in ("ann", "bob"):
        project.git("checkout", "-q", "-b", name, "main")
        project.run(
            "tick", "scoping.users", "-e", f"https://example.org/{name}", "--by", f"@{name}"
        )
        project.commit(name)
    merged = project.try_git("merge", "-q", "ann")

    assert merged != 0
