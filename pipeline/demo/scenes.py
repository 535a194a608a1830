"""Faults that take a whole file, or several deposits in order: refused files, two claimants, files dropped again."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from openpyxl import Workbook

from pipeline.demo import foreign
from pipeline.demo.deposits import NOTHING, ORIGINAL, SAVED, Desk, SampleDeposit, ordinary
from pipeline.demo.lines import PlannedLine, SampleHours, SampleLine
from pipeline.demo.sheets import Habits
from pipeline.demo.world import Organisation, SampleDsf
from schemas.fields import HEURES


def refused(desk: Desk, organisations: list[Organisation]) -> Iterator[SampleDeposit]:
    """One deposit for each FIC code, from a file that is right but for that."""
    makers = (
        _garbage,
        _password,
        _too_many_sheets,
        _letter,
        _no_column,
        _two_columns,
        _empty,
        _other_siret,
        _bad_siret,
    )
    for code, (maker, organisation) in enumerate(zip(makers, organisations, strict=False), start=1):
        plain = ordinary(desk, organisation, how=Habits())
        if plain is not None:
            yield replace(maker(plain, desk), codes=(f"FIC-{code:02d}",))


def _garbage(deposit: SampleDeposit, _: Desk) -> SampleDeposit:
    return replace(deposit, content=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n")


def _password(deposit: SampleDeposit, desk: Desk) -> SampleDeposit:
    """A spreadsheet saved with a password: its content is cipher text."""
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        '<manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml" manifest:size="4096">'
        '<manifest:encryption-data manifest:checksum-type="SHA1/1K" manifest:checksum="AAAA"/>'
        "</manifest:file-entry></manifest:manifest>"
    )
    parts = {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": desk.rng.randbytes(4096),
        "META-INF/manifest.xml": manifest.encode(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 6, 16, 0, 0, 0)), content)
    return replace(deposit, content=out.getvalue(), name=deposit.name.replace(".xlsx", ".ods"))


def _too_many_sheets(deposit: SampleDeposit, _: Desk) -> SampleDeposit:
    return replace(deposit, habits=replace(deposit.habits, drafts=60))


def _letter(deposit: SampleDeposit, _: Desk) -> SampleDeposit:
    book = Workbook()
    sheet = book.worksheets[0]
    for text in (
        "Madame, Monsieur,",
        "Vous trouverez nos heures complémentaires dans un prochain envoi.",
        "Cordialement",
    ):
        sheet.append([text])
    return replace(deposit, content=foreign.save(book, SAVED))


def _no_column(deposit: SampleDeposit, _: Desk) -> SampleDeposit:
    return replace(deposit, habits=replace(deposit.habits, missing="code_sequence"))


def _two_columns(deposit: SampleDeposit, _: Desk) -> SampleDeposit:
    return replace(deposit, habits=replace(deposit.habits, twice="heures"))


def _empty(deposit: SampleDeposit, _: Desk) -> SampleDeposit:
    lines = tuple(replace(line, typed=SampleLine(line.typed.kind, {})) for line in deposit.lines)
    return replace(deposit, lines=lines)


def _other_siret(deposit: SampleDeposit, desk: Desk) -> SampleDeposit:
    other = desk.foreign(deposit.siret).convention.titulaire.siret
    return replace(deposit, declarant={"SIRET": other}, right_declarant={"SIRET": deposit.siret})


def _bad_siret(deposit: SampleDeposit, _: Desk) -> SampleDeposit:
    wrong = deposit.siret[:-1] + str((int(deposit.siret[-1]) + 1) % 10)
    return replace(deposit, declarant={"SIRET": wrong}, right_declarant={"SIRET": deposit.siret})


def _delegated(desk: Desk, titulaire: Organisation) -> list[SampleDsf]:
    """The open ESF of ``titulaire`` that another body delivers."""
    return [
        d
        for d in desk.world.dsf
        if d.open
        and d.convention.session == "ESF"
        and d.convention.titulaire == titulaire
        and d.convention.dispensateur != titulaire
    ]


def delegates(desk: Desk, titulaire: Organisation) -> set[str]:
    """The SIRET of the bodies that deliver open ESF for ``titulaire``."""
    return {d.convention.dispensateur.siret for d in _delegated(desk, titulaire)}


def on_behalf(desk: Desk, right: Organisation, wrong: Organisation) -> Iterator[SampleDeposit]:
    """The titulaire ``right`` completes for its dispensateur (AVT-06); ``wrong`` names the wrong dispensateur (REF-05)."""
    mine = _delegated(desk, right)[:2]
    named = {"SIRET": right.siret, "Pour le compte de": mine[0].convention.dispensateur.siret}
    same = [d for d in mine if d.convention.dispensateur.siret == named["Pour le compte de"]]
    lines = tuple(desk.right(same, 5, 3))
    name = desk.name(right.siret, Habits())
    yield SampleDeposit(right.siret, name, desk.now(), lines, Habits(), named, named, codes=("AVT-06",))
    theirs = _delegated(desk, wrong)
    chosen = theirs[0]
    other = next(
        d.convention.dispensateur for d in theirs if d.convention.dispensateur != chosen.convention.dispensateur
    )
    true = {"SIRET": wrong.siret, "Pour le compte de": chosen.convention.dispensateur.siret}
    false = true | {"Pour le compte de": other.siret}
    lines = tuple(desk.right([chosen], 4, 2))
    name = desk.name(wrong.siret, Habits())
    yield SampleDeposit(wrong.siret, name, desk.now(), lines, Habits(), false, true, codes=("REF-05",))


def two_claimants(desk: Desk, titulaire: Organisation) -> Iterator[SampleDeposit]:
    """Titulaire and dispensateur complete the same absences: the first comes first, the second learns nothing of it."""
    dsf = _delegated(desk, titulaire)[-1]
    lines = desk.right([dsf], 0, 2)
    yield _plain(desk, titulaire.siret, lines, correction=NOTHING)
    late = [PlannedLine(line.typed, None, "REF-10") for line in lines]
    second = _plain(desk, dsf.convention.dispensateur.siret, late)
    yield replace(second, lines=(*second.lines, *desk.right([dsf], 2, 0)))


def again(desk: Desk, organisation: Organisation) -> Iterator[SampleDeposit]:
    """A file dropped, the same file under another name (AVT-07), then one that changes and overlaps it (DBL-03, AVT-04)."""
    siret = organisation.siret
    lines = desk.right(desk.open_dsf(siret)[:3], 4, 2)
    first = _plain(desk, siret, lines, correction=NOTHING)
    yield first
    copy = first.name.replace(".xlsx", " (1).xlsx")
    yield replace(first, name=copy, when=desk.now(), codes=("AVT-07",))
    hours = [line.typed for line in lines if line.typed.kind == HEURES]
    changed = hours[0].but(heures=SampleHours(100))
    second = [PlannedLine(changed, None, "DBL-03")]
    for line in (line for line in hours[1:] if line.values["numero_dsf"] != changed.values["numero_dsf"]):
        made = _overlap(desk, line)
        if made is not None:
            second.append(PlannedLine(made, made, "AVT-04"))
            break
    yield _plain(desk, siret, second)


def _overlap(desk: Desk, line: SampleLine) -> SampleLine | None:
    """An hour more over some days that include the day of ``line``; None where it does not fit."""
    row = desk.row_of(line)
    day = line.values["date_debut"]
    assert isinstance(day, date)
    last = min(day + timedelta(days=2), row.dsf.end)
    if last == day or desk.stock.room(row) < 200:
        return None
    desk.stock.take(row, 100)
    return line.but(
        date_debut=day, date_fin=last, heures=SampleHours(100), reference_justificatif=desk.stock.proof("EMARG")
    )


def closed(desk: Desk, code: str) -> SampleDeposit | None:
    """A deposit with a line on what cannot be completed, as ``code`` says.

    REF-02: the DSF is not validée; REF-03: it is finale; REF-10: the absence is completed already.
    """
    for dsf in desk.world.dsf:
        if _reason(dsf) != code or dsf.convention.session != "ESF":
            continue
        made = desk.stock.absence(dsf, completed=True) if code == "REF-10" else desk.stock.hours(dsf)
        if made is None:
            continue
        siret = dsf.convention.dispensateur.siret
        lines = [PlannedLine(made[0], None, code), *desk.right(desk.open_dsf(siret)[:2], 4, 2)]
        return _plain(desk, siret, lines)
    return None


def _plain(desk: Desk, siret: str, lines: list[PlannedLine], correction: str = ORIGINAL) -> SampleDeposit:
    """A deposit in the template's workbook, dropped now."""
    return SampleDeposit(siret, desk.name(siret, Habits()), desk.now(), tuple(lines), Habits(), correction=correction)


def _reason(dsf: SampleDsf) -> str:
    """The code that tells why ``dsf`` cannot be completed; an open one may have an absence that is completed already."""
    if dsf.open:
        return "REF-10"
    if dsf.nature == "INTERMEDIAIRE":
        return "REF-02"
    return "REF-03" if dsf.validated else ""
