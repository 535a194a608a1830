"""A year of the simulation: in the suite a night a month; all of its nights with SWEEP_STEP=1 and in `make simulate`."""

from pathlib import Path

from tests.bounded import LONG
from tests.simulation.year import Year


def test_after_a_year_all_is_right_and_nobody_past_his_time_is_named(tmp_path: Path) -> None:
    year = Year(tmp_path, 7, stride=1 if LONG else 30)
    year.play_year()
    assert year.did["deposit"] and year.kept_hours and len(year.model.numbers) > 2
    if LONG:
        for lines, seconds, size in year.quarters:
            print(f"{lines} lines: {seconds:.0f} s in runs, {size / lines:.0f} bytes of var/ a line")
        (lines, _, size), (all_lines, _, whole) = year.quarters[0], year.quarters[-1]
        assert whole / all_lines < 1.2 * size / lines, "what a line leaves on the disk does not grow"
