"""A repository with files of its own, a monorepo, and a document kept elsewhere."""

import shutil


def test_validate_names_each_file_that_the_owner_keeps(project):
    project.write(".copier-answers.yml", "scaffold: checklist\n")
    project.write(".pre-commit-config.yaml", "repos: []\n")
    project.write(".gitignore", "*.pyc\n")
    ran = project.run("validate")

    assert ran.code == 0
    assert "warning: .pre-commit-config.yaml: is yours and was left as it is" in ran.out
    assert "entry: uv run --project hooks checklist validate" in ran.out
    assert "warning: .gitignore" in ran.out
    assert "CODEOWNERS" not in ran.out


def test_a_project_of_the_template_gets_no_warning_of_adoption(project):
    project.write(".copier-answers.yml", "scaffold: poc\n")
    project.write(".gitignore", "*.pyc\n")

    assert "is yours" not in project.run("validate").out


def test_a_mapped_document_is_read_and_cited_where_it_is(project):
    project.write("checklist/project.yml", "phase: poc\nmap:\n  docs/problem.md: doc/charter.md\n")
    project.write(
        "doc/charter.md",
        "# Charter\n\n## Objective\n\nRank customers by their risk to leave, for calls.\n",
    )
    ran = project.run(
        "tick", "scoping.objective", "-e", "docs/problem.md#objective", "--by", "@ann"
    )

    assert ran.code == 0
    assert (
        'path: "doc/charter.md#objective"'
        in (project.root / "checklist/ticks/scoping.objective.yml").read_text()
    )
    assert project.states()["scoping.objective"] == "pass"


def test_two_models_of_a_monorepo_share_a_catalog_and_keep_their_own_state(project):
    for name in ("churn", "price"):
        project.write(f"models/{name}/checklist/project.yml", "phase: poc\n")
        project.write(f"models/{name}/docs/users.md", f"# Users\n\nOf {name}.\n")
    project.run(
        "tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann", cwd="models/churn/docs"
    )
    project.commit("tick")
    churn = project.run("status", "--all", cwd="models/churn").out
    price = project.run("status", "--all", cwd="models/price").out

    assert "ok       scoping.users" in churn
    assert "to do    scoping.users" in price
    assert (project.root / "models/churn/checklist/ticks/scoping.users.yml").is_file()


def test_root_points_probes_at_a_neighbour(project):
    project.write("service/src/docs/users.md", "# Users\n\nSales.\n")
    project.write("checklist/project.yml", "phase: poc\nroot: service/src\n")

    assert project.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann").code == 0
    assert project.run("diff", "HEAD").code == 0


def test_a_monorepo_part_is_compared_with_its_own_past(project):
    project.write("models/churn/checklist/project.yml", "phase: poc\n")
    project.write("models/churn/docs/users.md", "# Users\n\nSales.\n")
    project.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann", cwd="models/churn")
    project.commit("tick")
    project.write("models/churn/docs/users.md", "# Users\n\nSupport.\n")
    ran = project.run("diff", "main", cwd="models/churn")

    assert ran.code == 1
    assert "lost     scoping.users" in ran.out


def test_leaving_is_deleting(project):
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    shutil.rmtree(project.root / "checklist")

    assert project.run("status").code == 2
    assert project.git("status", "--porcelain", "docs").strip() == ""
