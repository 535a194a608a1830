"""What the reference knows: of some DSF, of an organisation. Read-only; one look sees one state of the store."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.reference.engine import Connection, connect, literal, refusals_as_halts, spill
from pipeline.reference.history import rows_of, table_path
from pipeline.reference.model import Facts, Load, OrganisationRows, StoreError
from pipeline.reference.schema import DATED, LIGNE, completed_schema, current_schema, schema_of
from pipeline.reference.store import COMPLETED, CURRENT, REMEDY, fault_of, loads
from pipeline.workspace import Workspace
from schemas.extracts import ABSENCES, SEQUENCES, is_validated
from schemas.folding import key

_DECLARED = pa.schema(
    [
        (name, pa.int64() if name == "heures_declarees" else pa.string())
        for name in (
            "cle_convention",
            "cle_de",
            "cle_pif",
            "cle_sequence",
            "cle_dsf",
            "heures_declarees",
            "siret_titulaire",
            "siret_dispensateur",
        )
    ]
)

_PLANS = pa.schema(
    [(name, pa.string()) for name in ("cle_dsf", "cle_de", "cle_sequence", "cle_convention", "cle_pif")]
    + [("date_extraction", pa.timestamp("s"))]
)


class Reference:
    """The reference as it stood when it was opened: later loads do not change what it answers.

    A file is hashed before it is read for the first time. Whatever keeps it from answering raises ``StoreError``. All looks share
    one connection, opened at the first (that takes longer than most looks); as a context manager it lets it go.
    """

    def __init__(self, root: Path, known: Sequence[Load]) -> None:
        self._root = root
        self._loads = tuple(known)
        self._sound: set[tuple[str, str]] = set()
        self._opened = ExitStack()
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection = None
        self._opened.close()

    def known(self) -> bool:
        """Whether anything was ever loaded."""
        return bool(self._loads)

    def loads(self) -> list[Load]:
        """Every load, oldest first."""
        return list(self._loads)

    def as_of(self, sha256: str) -> "Reference | None":
        """The reference as it was when the load of this content was its newest; None where it has no such load."""
        for place, load in enumerate(self._loads, 1):
            if load.sha256 == sha256:
                earlier = Reference(self._root, self._loads[:place])
                earlier._sound = self._sound
                return earlier
        return None

    def check(self) -> None:
        """Raise ``StoreError`` unless everything that look-ups read is what was loaded."""
        if self._loads:
            newest = self._loads[-1]
            self._trust(newest, CURRENT, COMPLETED)
            with refusals_as_halts(), pq.ParquetFile(table_path(self._root, newest, CURRENT)) as current:
                orders = current.read(["ordre"]).column("ordre").unique()
            self._behind(orders)

    def facts(self, cles_dsf: Iterable[str]) -> Facts:
        """What is known of the DSF whose keys are ``cles_dsf``; keys that nothing is known of are just not there.

        Rows by ``cle_dsf``, then in the extract's order. Blank texts are "".
        """
        asked = sorted(set(cles_dsf))
        if not self._loads or not asked:
            return _as_facts([schema.empty_table() for schema in _FACTS], [])
        with self._look() as connection:
            connection.register("demandees", pa.table({"cle_dsf": pa.array(asked, pa.string())}))
            connection.execute("""
                CREATE OR REPLACE TEMP TABLE conventions AS
                SELECT DISTINCT cle_convention FROM courant SEMI JOIN demandees USING (cle_dsf)""")
            dsf = connection.fetch("SELECT * FROM courant SEMI JOIN demandees USING (cle_dsf) ORDER BY cle_dsf")
            self._choose(connection, "courant SEMI JOIN conventions USING (cle_convention)")
            declared = connection.fetch(self._declared(connection))
            self._choose(connection, "courant SEMI JOIN demandees USING (cle_dsf)")
            sequences = connection.fetch(self._rows(connection, SEQUENCES))
            absences = connection.fetch(_with_completed(self._rows(connection, ABSENCES)))
        return _as_facts([dsf, sequences, absences, declared], self._loads)

    def plans(self, cles_dsf: Iterable[str]) -> pd.DataFrame:
        """Today's convention and plan of every séquence of the DSF whose keys are ``cles_dsf``; unknown ones are not there.

        cle_dsf, cle_de, cle_sequence, cle_convention, cle_pif, date_extraction (datetime64[s], of the DSF).
        """
        asked = sorted(set(cles_dsf))
        if not self._loads or not asked:
            return _frame(_PLANS.empty_table(), _PLANS)
        with self._look() as connection:
            connection.register("demandees", pa.table({"cle_dsf": pa.array(asked, pa.string())}))
            self._choose(connection, "courant SEMI JOIN demandees USING (cle_dsf)")
            rows = rows_of(self._root, self._sources(connection), SEQUENCES, "cle_dsf, cle_de, cle_sequence, cle_pif")
            query = f"""
                SELECT {", ".join(_PLANS.names)} FROM ({rows}) JOIN choisies USING (cle_dsf, ordre)
                ORDER BY cle_dsf, cle_de, cle_sequence"""
            return _frame(connection.fetch(query), _PLANS)

    def dsf(self, cles_dsf: Iterable[str]) -> pd.DataFrame:
        """The table ``dsf`` of ``facts`` alone."""
        asked = sorted(set(cles_dsf))
        if not self._loads or not asked:
            return _frame(_FACTS[0].empty_table(), _FACTS[0])
        with self._look() as connection:
            connection.register("demandees", pa.table({"cle_dsf": pa.array(asked, pa.string())}))
            rows = connection.fetch("SELECT * FROM courant SEMI JOIN demandees USING (cle_dsf) ORDER BY cle_dsf")
        return _frame(rows, _FACTS[0])

    def completed(self, cles_dsf: Iterable[str]) -> pd.DataFrame:
        """The absences of these DSF that any load has said completed, under the keys that they had then.

        cle_dsf, cle_de, cle_sequence, cle_absence, date_debut, date_fin, extrait_du (the last extraction that said so).
        """
        schema, asked = completed_schema(), sorted(set(cles_dsf))
        if not self._loads or not asked:
            return _frame(schema.empty_table(), schema)
        with self._look() as connection:
            connection.register("demandees", pa.table({"cle_dsf": pa.array(asked, pa.string())}))
            query = f"SELECT * FROM {COMPLETED} SEMI JOIN demandees USING (cle_dsf) ORDER BY {', '.join(DATED)}"
            return _frame(connection.fetch(query), schema)

    def show(self, numero: str) -> Facts:
        """What is known of one DSF, by its number as anyone writes it; ``declared`` covers its whole convention."""
        return self.facts([key(numero)])

    def raison_sociale(self, siret: str) -> str:
        """The name that the newest DSF gives to ``siret``; "" when no DSF names it."""
        return self.raisons_sociales([siret]).get(siret, "")

    def raisons_sociales(self, sirets: Iterable[str]) -> dict[str, str]:
        """``raison_sociale`` of many; those that no DSF names are left out."""
        asked = sorted(set(sirets))
        if not self._loads or not asked:
            return {}
        with self._look() as connection:
            connection.register("demandes", pa.table({"siret": pa.array(asked, pa.string())}))
            rows = connection.fetch(_NAMES).to_pylist()
        return {row["siret"]: row["nom"] for row in rows}

    def of_organisation(self, siret: str, numeros: Iterable[str] | None = None) -> OrganisationRows:
        """What is known of the DSF that ``siret`` may complete, as titulaire or dispensateur. ``numeros``: only these DSF."""
        name = self.raison_sociale(siret)
        keys: list[str] = []
        if self._loads:
            with self._look() as connection:
                rows = connection.fetch(_OPEN_TO.format(siret=literal(siret))).to_pylist()
            keys = [row["cle_dsf"] for row in rows if is_validated(row["statut"])]
        if numeros is not None:
            wanted = {key(numero) for numero in numeros}
            keys = [cle for cle in keys if cle in wanted]
        return OrganisationRows(siret, name, self.facts(keys))

    def organisations(self) -> list[str]:
        """SIRET of the titulaires and dispensateurs of DSF that are open to complements, in order."""
        if not self._loads:
            return []
        with self._look() as connection:
            rows = connection.fetch(_WITH_OPEN).to_pylist()
        return sorted({row[name] for row in rows if is_validated(row["statut"]) for name in _PARTIES if row[name]})

    def _trust(self, load: Load, *tables: str) -> None:
        """Raise ``StoreError`` unless the files of these ``tables`` are what was stored; each is hashed once."""
        for file in load.stockes:
            known = (load.nom, file.nom)
            if file.nom.removesuffix(".parquet") in tables and known not in self._sound:
                if fault := fault_of(self._root, load, file):
                    raise StoreError(fault.then(REMEDY))
                self._sound.add(known)

    @contextmanager
    def _look(self) -> Iterator[Connection]:
        with refusals_as_halts():
            if self._connection is None:
                with ExitStack() as opening:
                    connection = opening.enter_context(connect(spill(self._root)))
                    self._open_current(connection)
                    self._opened = opening.pop_all()
                self._connection = connection
            yield self._connection

    def _open_current(self, connection: Connection) -> None:
        newest = self._loads[-1]
        self._trust(newest, CURRENT, COMPLETED)
        for name in (CURRENT, COMPLETED):
            path = literal(table_path(self._root, newest, name))
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({path})")

    def _choose(self, connection: Connection, chosen: str) -> None:
        """Table ``choisies``: the DSF to look at, and which load has the newest state of each."""
        connection.execute(f"CREATE OR REPLACE TEMP TABLE choisies AS SELECT * FROM {chosen}")

    def _sources(self, connection: Connection) -> list[Load]:
        return self._behind(connection.fetch("SELECT DISTINCT ordre FROM choisies").column("ordre"))

    def _behind(self, orders: pa.Array) -> list[Load]:
        """The loads of these ``orders``, their files trusted; the newest where there are none."""
        hit = set(orders.to_pylist())
        sources = [load for load in self._loads if load.ordre in hit] or [self._loads[-1]]
        for load in sources:
            self._trust(load, SEQUENCES, ABSENCES)
        return sources

    def _rows(self, connection: Connection, table: str) -> str:
        rows = rows_of(self._root, self._sources(connection), table)
        return f"SELECT * FROM ({rows}) SEMI JOIN choisies USING (cle_dsf, ordre) ORDER BY cle_dsf, {LIGNE}"

    def _declared(self, connection: Connection) -> str:
        """REF-13: all that was declared in these conventions, réalisées and absences of both kinds."""
        hours = "heures_realisees + heures_absence_financables + heures_absence_non_financables AS heures_declarees"
        rows = rows_of(
            self._root,
            self._sources(connection),
            SEQUENCES,
            f"cle_dsf, cle_de, cle_pif, cle_sequence, {hours}, {LIGNE}",
        )
        return f"""
            SELECT {", ".join(_DECLARED.names)}
            FROM ({rows}) JOIN choisies USING (cle_dsf, ordre) ORDER BY cle_convention, cle_dsf, {LIGNE}"""


def _with_completed(absences: str) -> str:
    """``absences`` of the DSF in ``choisies``; one that any load has said completed stays so, known by its id and dates."""
    return f"""
        SELECT * EXCLUDE (faite) REPLACE (deja_complementee OR coalesce(faite, false) AS deja_complementee) FROM ({absences})
        LEFT JOIN (SELECT * EXCLUDE (extrait_du), true AS faite FROM {COMPLETED} SEMI JOIN choisies USING (cle_dsf))
        USING ({", ".join(DATED)})
        ORDER BY cle_dsf, {LIGNE}"""


_OPEN_TO = """
    SELECT cle_dsf, statut FROM courant
    WHERE nature = 'INTERMEDIAIRE' AND {siret} IN (siret_titulaire, siret_dispensateur) ORDER BY cle_dsf"""

_PARTIES = ("siret_titulaire", "siret_dispensateur")
_WITH_OPEN = f"SELECT DISTINCT statut, {', '.join(_PARTIES)} FROM courant WHERE nature = 'INTERMEDIAIRE'"

_NAMES = """
    WITH noms AS (
        SELECT siret_titulaire AS siret, raison_sociale_titulaire AS nom, date_extraction, ordre, cle_dsf FROM courant
        UNION ALL
        SELECT siret_dispensateur, raison_sociale_dispensateur, date_extraction, ordre, cle_dsf FROM courant
    )
    SELECT siret, nom FROM noms SEMI JOIN demandes USING (siret) WHERE nom <> ''
    QUALIFY row_number() OVER (PARTITION BY siret ORDER BY date_extraction DESC, ordre DESC, cle_dsf, nom) = 1"""


def _stored(table: str) -> pa.Schema:
    schema = schema_of(table)
    return schema.remove(schema.get_field_index(LIGNE))


def _facts_dsf() -> pa.Schema:
    schema = current_schema()
    kept = [field for field in schema if field.name not in ("ordre", "n_sequences", "n_absences")]
    return pa.schema(kept)


_FACTS = (_facts_dsf(), _stored(SEQUENCES), _stored(ABSENCES), _DECLARED)


def _frame(table: pa.Table, schema: pa.Schema) -> pd.DataFrame:
    """Texts ``str`` ("" where blank), hours ``Int64``, dates ``datetime64[s]``, oui/non ``bool``."""
    table = table.select(schema.names).cast(schema)
    for place, field in enumerate(schema):
        if field.type == pa.string():
            table = table.set_column(place, field.name, pc.fill_null(table.column(place), ""))
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


@refusals_as_halts()
def _as_facts(tables: Sequence[pa.Table], known: Sequence[Load]) -> Facts:
    """``tables`` in the order of ``_FACTS``."""
    dsf, sequences, absences, declared = (_frame(table, schema) for table, schema in zip(tables, _FACTS, strict=True))
    names = set(dsf["extrait"])
    used = [load for load in known if load.nom in names]
    extraits = pd.DataFrame(
        {
            "nom": pd.Series([load.nom for load in used], dtype="str"),
            "date_extraction": pd.Series([load.date_extraction for load in used], dtype="datetime64[s]"),
            "sha256": pd.Series([load.sha256 for load in used], dtype="str"),
        }
    )
    return Facts(dsf, sequences, absences, declared, extraits)


def open(workspace: Workspace) -> Reference:  # noqa: A001 - reference.open reads as it is meant
    """The reference of ``workspace`` as it stands now. Raises ``StoreError`` when the store is damaged."""
    return Reference(workspace.reference, loads(workspace))
