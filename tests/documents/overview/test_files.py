"""run.json, verdicts.csv and the tables' CSV."""

import base64
import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.documents import overview
from pipeline.documents.overview import tables
from pipeline.documents.overview.tables import ColumnKind
from pipeline.documents.wording import Wording
from pipeline.judging import verdicts_csv
from tests.documents.overview import samples

FR, EN = Wording("fr"), Wording("en")


def _json(run: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(overview.files(run)["run.json"], parse_float=Decimal)
    return content


def test_run_json_says_what_the_run_was_made_with() -> None:
    run = samples.runs(1)[0]
    told = _json(run)
    assert told["schema_version"] == 1
    assert told["versions"] == {"programme": "0.1.0", "regles": "1"}
    assert told["reference"] == run["reference"]
    assert told["durees"] == {"jugement": Decimal("0.5"), "lecture": Decimal("12.346")}
    assert {one["sha256"] for one in told["depots"]} == {one["sha256"] for one in run["depots"]}
    assert "verdicts" not in told


def test_run_json_has_hours_with_two_decimals_and_sums_that_hold() -> None:
    told = _json(samples.runs(1)[0])
    for name in ("lues", "acceptees", "rejetees", "retenues", "deja_prises"):
        assert told["heures"][name] == sum(one["heures"][name] for one in told["depots"])
        assert told["comptes"][name] == sum(one["comptes"][name] for one in told["depots"])
    assert told["heures"]["lues"] == told["comptes"]["lues"] * Decimal("3.25")
    assert re.search(rb'"acceptees": \d+\.\d\d,', overview.files(samples.runs(1)[0])["run.json"])


def test_run_json_says_what_became_of_complements_with_hours_as_numbers() -> None:
    told = _json(samples.runs(1)[0])["suivi"]
    assert told["comptes"] == {"emises": 8, "saisies": 8, "vues": 7}
    assert [row["heures"] for row in told["debloques"]["lignes"]] == [Decimal("10.50")] * 4
    assert told["a_saisir"]["total"] == 8


def test_verdicts_csv_is_the_ledgers_rows_under_the_header() -> None:
    run = samples.runs(1)[0]
    assert overview.files(run)["verdicts.csv"] == verdicts_csv.HEADER + run["verdicts"]


def test_the_same_runs_give_the_same_bytes() -> None:
    first, second = samples.runs(3), samples.runs(3)
    assert overview.files(first[-1], first[:-1]) == overview.files(second[-1], second[:-1])
    assert overview.across(first) == overview.across(second)


def test_no_runs_and_no_deposits_make_pages_too() -> None:
    assert "Rien à montrer." in overview.across([]).decode()
    empty = samples.run(date(2025, 6, 1), [])
    assert "Aucun fichier n’attendait." in overview.files(empty)["index.html"].decode()


def test_runs_known_by_their_totals_show_in_the_trend() -> None:
    known = {"run": "2025-06-01-1", "date": "2025-06-01", "depots": 3}
    known |= {"comptes": samples.counts(10, 2, 1, 0), "heures": samples.counts(1000, 200, 100, 0)}
    page = overview.across([known]).decode()
    assert 'href="2025-06-01-1/index.html"' in page
    assert "Règles qui n" not in page
    assert "<svg" in overview.files(samples.runs(1)[0], [known])["index.html"].decode()


def test_links_lead_from_where_each_page_stands() -> None:
    run = samples.runs(1)[0]
    one = run["depots"][0]
    place = f"{one['siret']}/retours/{one['depot']}/rapport.html"
    assert f'href="../../{place}"' in overview.files(run)["index.html"].decode()
    assert f'href="../{place}"' in overview.across([run]).decode()


def _saved(page: bytes, name: str) -> str:
    found = re.search(rf'download="{name}\.csv" href="data:text/csv;charset=utf-8;base64,([^"]*)"', page.decode())
    assert found
    return base64.b64decode(found.group(1)).decode("utf-8-sig")


def test_the_csv_of_a_table_holds_what_it_shows() -> None:
    run = samples.runs(1)[0]
    text = _saved(overview.files(run)["index.html"], "fichiers")
    head, *rows = text.removesuffix("\r\n").split("\r\n")
    assert head.startswith("Organisme;SIRET;Fichier;Dépôt;État;Heures en jeu;Règles;Lignes lues")
    assert len(rows) == len(run["depots"])
    assert "'=HYPERLINK(" in text
    assert re.search(r";\d+,\d\d;", rows[-1])


def test_english_csv_has_commas_and_points() -> None:
    run = samples.runs(1)[0]
    run["reglages"]["langue"] = "en"
    text = _saved(overview.files(run)["index.html"], "fichiers")
    assert text.startswith("Organisation,SIRET,File,Deposit,State,Hours at stake")
    assert re.search(r",\d+\.\d\d,", text)


def test_a_list_that_is_cut_says_so_first() -> None:
    columns = [tables.PageColumn("a", ColumnKind.NUMBER)]
    cut = tables.table("t", "T", columns, ([n] for n in range(10)), 10, most=4)
    assert cut.cut
    assert len(cut.rows) == 4
    assert tables.csv(cut, EN).decode("utf-8-sig").split() == ["a", "0", "1", "2", "3"]


def test_hostile_text_is_neither_markup_nor_formula() -> None:
    hostile = ("=1", "\t=1", '"><script>x</script>', "a\u202eb", "a\ud800", "\uff1d1", "a;b", "a\r\nb")
    one = tables.table("t", "T", [tables.PageColumn("a", ColumnKind.FREE)], ([text] for text in hostile), len(hostile))
    shown = tables.markup(one, FR)
    assert "<script>x" not in shown
    assert "\u202e" not in shown
    saved = tables.csv(one, FR).decode("utf-8-sig")
    assert saved.startswith("a\r\n'=1\r\n⇥=1\r\n")
    assert "\r\n'\uff1d1\r\n" in saved
    assert "\r\naU+202Eb\r\naU+D800\r\n" in saved
    assert saved.endswith('\r\n"a;b"\r\na↵b\r\n'.replace("a↵", "aU+000D↵"))
