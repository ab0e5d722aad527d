"""Every Go program is pinned, told its version, and cached by what decides its content."""

import pytest
from tools.cluster import binaries
from tools.cluster.binaries import Project


@pytest.mark.parametrize("project", binaries.PROJECTS, ids=lambda project: project.folder)
def test_every_project_has_pins_for_all_its_programs(project: Project) -> None:
    text = (binaries.GOMOD / project.folder / "go.mod").read_text()
    assert project.version
    assert all(package == "." or package in text for package in project.programs.values())


def test_kubernetes_knows_its_version() -> None:
    version = binaries.KUBERNETES.version
    flags = binaries.KUBERNETES.linker_flags
    assert f"-X k8s.io/component-base/version.gitVersion={version}" in flags
    assert f"-X k8s.io/client-go/pkg/version.gitMinor={version.split('.')[1]}" in flags
    assert "-X k8s.io/component-base/version.gitMajor=1 " in flags


def test_replaced_staging_modules_match_the_release() -> None:
    text = (binaries.GOMOD / "kubernetes" / "go.mod").read_text()
    staging = binaries.KUBERNETES.version.replace("v1.", "v0.")
    replaced = [line.split("=>")[1].split()[1] for line in text.splitlines() if "=>" in line]
    assert len(replaced) > 25
    assert set(replaced) == {staging}


def test_projects_do_not_share_a_cache_entry() -> None:
    assert len({project.digest for project in binaries.PROJECTS}) == len(binaries.PROJECTS)


def test_an_unknown_program_is_refused() -> None:
    with pytest.raises(ValueError, match="no project builds nonsense"):
        binaries.path("nonsense")
