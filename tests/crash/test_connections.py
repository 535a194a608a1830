"""The sweeps over a ledger on PostgreSQL: kills, lost connections, lost power (reliability B1, C3, C5, C6, D1).

`python -m tests.crash.sweep --ledger postgresql` is the long form: every point of every sweep.
"""

import pytest

from tests.bounded import every
from tests.crash import connections, sweep
from tests.crash.client import Bench
from tests.crash.test_sweeps import none_bad
from tests.servers.proxy import Cut


def test_where_the_ledger_is_changes_no_byte(made: Bench, afar: Bench) -> None:
    assert made.outputs == afar.outputs
    assert sorted(made.labels) == sorted(afar.labels)


@pytest.mark.parametrize("how", Cut)
def test_C06_the_connection_lost_while_something_is_committed(afar: Bench, how: Cut) -> None:
    commits = connections.commits(afar)
    assert len(commits) > 10
    none_bad(connections.cut(afar, commits[:: every(37)], how))


def test_C06_the_connection_lost_before_and_after_statements(afar: Bench) -> None:
    none_bad(connections.never_arrives(afar, every(600)))
    none_bad(connections.answer_lost(afar, every(540)))


def test_C05_nobody_reaches_the_server_from_some_statement_on(afar: Bench) -> None:
    none_bad(connections.server_gone(afar, every(600)))


def test_C05_the_server_loses_its_power(afar: Bench) -> None:
    none_bad(connections.restarted(afar, every(240)))
    none_bad(connections.stopped(afar, every(290)))


def test_B01_killed_at_labels(afar: Bench) -> None:
    none_bad(sweep.labels(afar, every(230)))
    none_bad(sweep.greedy(afar, every(270)))


def test_C03_a_runner_stopped_overtaken_and_woken(afar: Bench) -> None:
    none_bad(sweep.overtaken(afar, every(240)))
