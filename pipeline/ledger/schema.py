"""The tables of the ledger: one MetaData for SQLite and PostgreSQL. ``protection`` has what may never happen to them.

Hours are whole hundredths, days ISO text (``2025-03-05``: sorts, reads, and is the same in both databases), instants ISO text in
UTC. Paths are the bytes of the file system, for a name need not be UTF-8.
"""

import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
)
from sqlalchemy.types import TypeEngine

from pipeline.ledger.records import COUNTS

SCHEMA = 4
"""Version of the tables below; ``migrations`` leads older ones to it."""

metadata = MetaData()


class CodePoints(TypeDecorator[str]):
    """A text that compares and sorts by its code points, whatever the database, and may hold any of them.

    PostgreSQL compares as its locale says unless it is told, and takes no U+0000: there a code point that no text has stands for
    it. Somebody's spreadsheet may have one in a number that leads nowhere.
    """

    impl = Text
    cache_ok = True
    _NUL, _STANDS_FOR_IT = "\0", "\ufdd0"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type as the database knows it."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None] | None:
        """Into the ledger; SQLite takes a text as it is."""
        if dialect.name != "postgresql":
            return None
        return lambda value: value and value.replace(self._NUL, self._STANDS_FOR_IT)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None] | None:
        """Out of the ledger."""
        if dialect.name != "postgresql":
            return None
        return lambda value: value and value.replace(self._STANDS_FOR_IT, self._NUL)


class PathBytes(TypeDecorator[str]):
    """A path as Python holds it (undecodable bytes as surrogates), kept as the bytes of the file system."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        """Into the ledger: surrogates become the bytes they stand for."""
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: Any, dialect: Any) -> str | None:
        """Out of the ledger: undecodable bytes become surrogates."""
        return None if value is None else os.fsdecode(value)


def _only(rows: ColumnElement[bool]) -> dict[str, Any]:
    """That an index is of some rows only, as each database wants to be told."""
    return {"sqlite_where": rows, "postgresql_where": rows}


Whole = Integer().with_variant(BigInteger(), "postgresql")
"""A whole number: SQLite's have 64 bits by themselves."""


def _verdicts(prefix: str) -> list[Column[Any]]:
    return [Column(f"{prefix}_{name}", Whole, nullable=False) for name in COUNTS]


meta = Table(
    "meta",
    metadata,
    Column("id", Whole, CheckConstraint("id = 1"), primary_key=True),
    Column("uuid", CodePoints, nullable=False),
    Column("schema_version", Whole, nullable=False),
    Column("barriere", Whole, nullable=False),  # the fence: raised by each run that takes over
    Column("cree_le", CodePoints, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run", CodePoints, primary_key=True),
    Column("ordre", Whole, nullable=False, unique=True),
    Column("date", CodePoints, nullable=False),
    Column("rang", Whole, nullable=False),
    Column("etat", CodePoints, CheckConstraint("etat IN ('OUVERT', 'FINI')"), nullable=False),
    Column("debut", CodePoints, nullable=False),
    Column("fin", CodePoints),
    *[
        Column(name, CodePoints, nullable=False) for name in ("versions", "reglages", "attente", "laisses", "durees")
    ],  # JSON
    UniqueConstraint("date", "rang"),
)

arrivees = Table(  # first looks at files not yet taken: may be lost without harm
    "arrivees",
    metadata,
    Column("chemin", PathBytes, primary_key=True),
    Column("identite", CodePoints, nullable=False),
    Column("octets", Whole, nullable=False),
    Column("mtime_ns", Whole, nullable=False),
    Column(
        "demarrage", CodePoints, nullable=False
    ),  # of the machine: its monotonic clock means nothing after the next one
    Column("monotone_ns", Whole, nullable=False),
    Column("vu_ns", Whole, nullable=False),
)

essais = Table(
    "essais",
    metadata,
    Column("siret", CodePoints, primary_key=True),
    Column("sha256", CodePoints, primary_key=True),
    Column("essais", Whole, nullable=False),
)

ecartes = Table(  # deposits that a fault of ours put aside: they wait in the inbox
    "ecartes",
    metadata,
    Column("chemin", PathBytes, primary_key=True),
    Column("identite", CodePoints, nullable=False),
    Column("octets", Whole, nullable=False),
    Column("mtime_ns", Whole, nullable=False),
    Column("raison", CodePoints, nullable=False),
    Column("attend", Whole, nullable=False),  # 1: not tried again before somebody asks for it
)


def _deposited() -> list[Column[Any]]:
    """What is kept of any file that was judged."""
    return [
        Column("numero", CodePoints, primary_key=True),
        Column("ordre", Whole, nullable=False, unique=True),
        Column("vague", Whole, nullable=False),
        Column("run", CodePoints, ForeignKey("runs.run"), nullable=False),
        Column("siret", CodePoints, nullable=False),
        Column("raison_sociale", CodePoints, nullable=False),
        Column("chemin", PathBytes, nullable=False),
        Column("fichier", PathBytes, nullable=False),
        Column("sha256", CodePoints, nullable=False),
        Column("octets", Whole, nullable=False),
        Column("mtime_ns", Whole, nullable=False),
        Column("identite", CodePoints, nullable=False),
        Column("format", CodePoints, nullable=False),
        Column("etat", CodePoints, nullable=False),
        *_verdicts("lignes"),
        *_verdicts("heures"),
        Column("retire", Whole, nullable=False),  # 1: the source has left the inbox
    ]


depots = Table("depots", metadata, *_deposited(), Column("verdicts", LargeBinary, nullable=False))
Index("depots_contenu", depots.c.siret, depots.c.sha256)
Index("depots_run", depots.c.run)
Index("depots_siret", depots.c.siret, depots.c.ordre)
Index("depots_a_retirer", depots.c.retire, **_only(depots.c.retire == 0))

# Trials. In a table of their own, so that no query on deposits counts them, and nothing that hangs on a deposit can hang on one.
depots_essai = Table("depots_essai", metadata, *_deposited())
Index("depots_essai_run", depots_essai.c.run)
Index("depots_essai_a_retirer", depots_essai.c.retire, **_only(depots_essai.c.retire == 0))

regles = Table(
    "regles",
    metadata,
    Column("depot", CodePoints, ForeignKey("depots.numero"), primary_key=True),
    Column("code", CodePoints, primary_key=True),
    Column("constats", Whole, nullable=False),
    Column("heures", Whole, nullable=False),
)

dsf = Table(
    "dsf",
    metadata,
    Column("depot", CodePoints, ForeignKey("depots.numero"), primary_key=True),
    Column("cle_dsf", CodePoints, primary_key=True),
    Column("numero_dsf", CodePoints, nullable=False),
    *_verdicts("lignes"),
    *_verdicts("heures"),
)
Index("dsf_cle", dsf.c.cle_dsf)

attentes = Table(  # lines that only an extract keeps from passing (REF-01, REF-02, REF-14), by DSF as it was asked for
    "attentes",
    metadata,
    Column("depot", CodePoints, ForeignKey("depots.numero"), primary_key=True),
    Column("cle_dsf", CodePoints, primary_key=True),
    Column("code", CodePoints, primary_key=True),
    Column("lignes", Whole, nullable=False),
    Column("heures", Whole, nullable=False),
)
Index("attentes_cle", attentes.c.cle_dsf)

origines = Table(  # which deposit a corrected one says it comes from
    "origines",
    metadata,
    Column("depot", CodePoints, ForeignKey("depots.numero"), primary_key=True),
    Column("origine", CodePoints, ForeignKey("depots.numero"), nullable=False),
)

ouvertes = Table(  # lines that a deposit left open; a refused file is one, on row 0
    "ouvertes",
    metadata,
    Column("depot", CodePoints, ForeignKey("depots.numero"), primary_key=True),
    Column("feuille", CodePoints, primary_key=True),
    Column("ligne", Whole, primary_key=True),
    Column("siret", CodePoints, nullable=False),
    Column("cle", LargeBinary),  # hash of what the line is about; NULL where a part of it cannot be read
    Column("suite", CodePoints, nullable=False),
    Column("codes", CodePoints, nullable=False),
    Column("heures", Whole, nullable=False),
    Column("reprise", CodePoints, ForeignKey("depots.numero")),  # the later deposit that takes it up; NULL: open
    sqlite_with_rowid=False,
)
Index("ouvertes_a_reprendre", ouvertes.c.siret, **_only(ouvertes.c.reprise.is_(None)))
Index("ouvertes_reprises", ouvertes.c.siret, ouvertes.c.depot, ouvertes.c.reprise)

extraits = Table(  # reference extracts a wave was judged with
    "extraits",
    metadata,
    Column("vague", Whole, primary_key=True),
    Column("nom", CodePoints, primary_key=True),
    Column("sha256", CodePoints, primary_key=True),
    Column("date_extraction", CodePoints, nullable=False),
)

complements = Table(
    "complements",
    metadata,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("numero", CodePoints, nullable=False, unique=True),
    Column("cle_dsf", CodePoints, nullable=False),
    Column("rang", Whole, nullable=False),
    Column("depot", CodePoints, ForeignKey("depots.numero"), nullable=False),
    Column("siret", CodePoints, nullable=False),
    Column("emis_le", CodePoints, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("sha256", CodePoints, nullable=False),  # of the payload
    Column("prev_sha256", CodePoints, nullable=False),  # the link before: "" for the first
    Column("maillon", CodePoints, nullable=False, unique=True),  # this link: see link()
    Column("extrait_du", CodePoints),  # date_extraction of the DSF it was judged with; NULL before schema 2
    Column("efface_le", CodePoints),  # the day its persons were erased from the payload; NULL: they are there
    Column("efface_sha256", CodePoints),  # of the payload since
    UniqueConstraint("cle_dsf", "rang"),
)
Index("complements_depot", complements.c.depot)
Index("complements_siret", complements.c.siret)


def _origin() -> list[Column[Any]]:
    return [
        Column("complement", Whole, ForeignKey("complements.seq"), nullable=False),
        Column("feuille", CodePoints, nullable=False),
        Column("ligne", Whole, nullable=False),
    ]


absences = Table(
    "absences",
    metadata,
    *[Column(n, CodePoints, primary_key=True) for n in ("cle_dsf", "cle_de", "cle_sequence", "cle_absence")],
    # With its dates: ids that are ranks shift, and the same id is another absence in a later extract.
    *[Column(n, CodePoints, primary_key=True) for n in ("date_debut", "date_fin")],
    Column("heures", Whole, nullable=False),
    *_origin(),
    Column("financables_avant", Whole),
    sqlite_with_rowid=False,
)

heures = Table(
    "heures",
    metadata,
    *[Column(n, CodePoints, primary_key=True) for n in ("cle_dsf", "cle_de", "cle_sequence", "date_debut", "date_fin")],
    Column("heures", Whole, nullable=False),
    Column("cle_convention", CodePoints, nullable=False),
    Column("cle_pif", CodePoints, nullable=False),
    *_origin(),
    Column("realisees_avant", Whole),
    sqlite_with_rowid=False,
)
Index("heures_convention", heures.c.cle_convention)

saisies = Table(  # what the clerk has typed into Kairos; a later word on the same complement corrects the one before
    "saisies",
    metadata,
    Column("complement", Whole, ForeignKey("complements.seq"), primary_key=True),
    Column("rang", Whole, primary_key=True),
    Column("numero_kairos", CodePoints, nullable=False),
    Column("date_saisie", CodePoints, nullable=False),
    Column("note_le", CodePoints, nullable=False),
    sqlite_with_rowid=False,
)

vues = Table(  # complements that a later extract shows
    "vues",
    metadata,
    Column("complement", Whole, ForeignKey("complements.seq"), primary_key=True, autoincrement=False),
    Column("extrait", CodePoints, nullable=False),
    Column("vue_le", CodePoints, nullable=False),
)

effacements = Table(  # what is gone for good because its keeping time was over
    "effacements",
    metadata,
    Column("genre", CodePoints, CheckConstraint("genre IN ('cle', 'original')"), primary_key=True),
    Column("nom", CodePoints, primary_key=True),  # print of the secret; sha256 of the original
    Column("efface_le", CodePoints, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("run", CodePoints, ForeignKey("runs.run"), nullable=False),
    Column("genre", CodePoints, nullable=False),
    Column("cible", CodePoints, nullable=False, unique=True),
    Column("nom", CodePoints, nullable=False, unique=True),
    Column("sha256", CodePoints, nullable=False),
    Column("etat", CodePoints, CheckConstraint("etat IN ('STAGED', 'PUBLISHED')"), nullable=False),
)
Index("publications_en_attente", publications.c.etat, **_only(publications.c.etat == "STAGED"))

avis = Table(  # who is to be told, or was, that a deposit or a trial came back
    "avis",
    metadata,
    Column("depot", CodePoints, primary_key=True),
    Column("run", CodePoints, ForeignKey("runs.run"), nullable=False),
    Column("siret", CodePoints, nullable=False),
    Column(
        "etat",
        CodePoints,
        CheckConstraint("etat IN ('A_ENVOYER', 'ENVOYE', 'ABANDONNE', 'SANS_ADRESSE')"),
        nullable=False,
    ),
    Column("tentatives", Whole, nullable=False),
    Column("note_le", CodePoints, nullable=False),
)
Index("avis_a_envoyer", avis.c.run, avis.c.siret, **_only(avis.c.etat == "A_ENVOYER"))
Index("avis_notes", avis.c.note_le)

# A key of PostgreSQL has 2 704 bytes at most, a path 4 096, the name of a sheet as many as its author likes.
for _table in (arrivees, ecartes):
    _table.primary_key.ddl_if(dialect="sqlite")
    Index(f"{_table.name}_chemin", func.sha256(_table.c.chemin), unique=True).ddl_if(dialect="postgresql")
ouvertes.primary_key.ddl_if(dialect="sqlite")
Index("ouvertes_lignes", ouvertes.c.depot, ouvertes.c.ligne).ddl_if(dialect="postgresql")
