"""`from pipeline import check, run, Workspace, Settings`: light, typed, and as docs/library.md says."""

import re
import subprocess
import sys
from pathlib import Path

import pipeline
from tests.world import World

PAGE = Path(__file__).parents[2] / "docs" / "library.md"


def python(code: str, place: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=place, capture_output=True, text=True, check=False
    )


def test_importing_the_package_imports_nothing_heavy() -> None:
    done = python("import sys, pipeline; assert not {'pandas', 'sqlalchemy', 'pipeline.run'} & sys.modules.keys()")
    assert done.returncode == 0, done.stderr


def test_run_is_the_function_whatever_was_imported_before() -> None:
    done = python(
        "import pipeline.run, pipeline; from pipeline import run; assert callable(run) and pipeline.run is run"
    )
    assert done.returncode == 0, done.stderr


def test_there_is_no_other_door() -> None:
    assert not hasattr(pipeline, "rnu")
    assert set(pipeline.__all__) == {"Settings", "Workspace", "__version__", "check", "run"}
    assert all(getattr(pipeline, name) for name in pipeline.__all__)


def test_the_example_of_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    world = World(tmp_path / "work")
    world.add_dsf().write_extracts().hours("avril.csv", {}, {"date_debut": "11/02/2025"})
    (tmp_path / "mars.csv").write_bytes(world.hours("mars.csv", {"heures": "sept"}).read_bytes())
    next(world.workspace.deposits.rglob("mars.csv")).unlink()
    script = tmp_path / "example.py"
    script.write_text(
        "def main():\n"
        + re.sub(r"^", "    ", example, flags=re.MULTILINE)
        + '\nif __name__ == "__main__":\n    main()\n'
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "2 lines accepted of 2" in done.stdout
    assert "LIG-07" in done.stdout
