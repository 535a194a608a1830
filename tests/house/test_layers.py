"""The rooms import downwards only, and the tool that holds it says so when they do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")


def lint(place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINTER, "--no-cache"], cwd=place, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The house without its tests, to be spoilt at will."""
    for name in ("pipeline", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_layers_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "statement", "broken"),
    [
        (
            "pipeline/cells/text.py",
            "import pipeline.judging.verdicts",
            "pipeline.cells is not allowed to import pipeline.judging",
        ),
        (
            "pipeline/documents/page.py",
            "import pipeline.wave",
            "pipeline.documents is not allowed to import pipeline.wave",
        ),
        ("pipeline/intake/walk.py", "import pipeline.intake.take", "No circle between rooms, nor inside one BROKEN"),
        ("schemas/fields.py", "import pipeline.settings", "What is true knows nothing of what is done BROKEN"),
        ("pipeline/run.py", "import sqlalchemy", "Only the ledger talks to its database BROKEN"),
    ],
)
def test_an_import_that_goes_upwards_is_refused(copy: Path, module: str, statement: str, broken: str) -> None:
    path = copy / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{statement}\n", encoding="utf-8")
    done = lint(copy)
    assert done.returncode != 0
    assert broken in " ".join(done.stdout.split())


def test_a_module_that_stands_in_no_room_is_refused(copy: Path) -> None:
    (copy / "pipeline" / "misc.py").write_text("")
    done = lint(copy)
    assert done.returncode != 0 and "misc" in done.stdout
