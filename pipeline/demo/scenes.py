"""What takes a whole file, or several deposits in order: refused files, two claimants, files dropped again."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from openpyxl import Workbook

from pipeline.demo.deposits import NOTHING, SAVED, Deposit, Desk, ordinary
from pipeline.demo.lines import Hours, Line, Planned
from pipeline.demo.sheets import Style
from pipeline.demo.world import Dsf, Organisation
from pipeline.documents import xlsx
from schemas.fields import HEURES


def refused(desk: Desk, organisations: list[Organisation]) -> Iterator[Deposit]:
    """One deposit for each FIC code, from a file that was right but for that."""
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
        plain = ordinary(desk, organisation, how=Style())
        if plain is not None:
            yield replace(maker(plain, desk), attendus=(f"FIC-{code:02d}",))


def _garbage(deposit: Deposit, _: Desk) -> Deposit:
    return replace(deposit, brut=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n")


def _password(deposit: Deposit, desk: Desk) -> Deposit:
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
    return replace(deposit, brut=out.getvalue(), nom=deposit.nom.replace(".xlsx", ".ods"))


def _too_many_sheets(deposit: Deposit, _: Desk) -> Deposit:
    return replace(deposit, style=replace(deposit.style, feuilles=60))


def _letter(deposit: Deposit, _: Desk) -> Deposit:
    book = Workbook()
    sheet = book.worksheets[0]
    for text in (
        "Madame, Monsieur,",
        "Vous trouverez nos heures complémentaires dans un prochain envoi.",
        "Cordialement",
    ):
        sheet.append([text])
    return replace(deposit, brut=xlsx.save(book, SAVED))


def _no_column(deposit: Deposit, _: Desk) -> Deposit:
    return replace(deposit, style=replace(deposit.style, sans="code_sequence"))


def _two_columns(deposit: Deposit, _: Desk) -> Deposit:
    return replace(deposit, style=replace(deposit.style, double="heures"))


def _empty(deposit: Deposit, _: Desk) -> Deposit:
    lines = tuple(replace(p, typed=Line(p.typed.nature, {})) for p in deposit.lignes)
    return replace(deposit, lignes=lines)


def _other_siret(deposit: Deposit, desk: Desk) -> Deposit:
    other = desk.foreign(deposit.siret).convention.titulaire.siret
    return replace(deposit, declarant={"SIRET": other}, declarant_juste={"SIRET": deposit.siret})


def _bad_siret(deposit: Deposit, _: Desk) -> Deposit:
    wrong = deposit.siret[:-1] + str((int(deposit.siret[-1]) + 1) % 10)
    return replace(deposit, declarant={"SIRET": wrong}, declarant_juste={"SIRET": deposit.siret})


def _delegated(desk: Desk, holder: Organisation) -> list[Dsf]:
    """Open ESF whose titulaire is ``holder`` and whose dispensateur is another."""
    return [
        d
        for d in desk.world.dsf
        if d.open
        and d.convention.type_session == "ESF"
        and d.convention.titulaire == holder
        and d.convention.dispensateur != holder
    ]


def delegates(desk: Desk, holder: Organisation) -> set[str]:
    """SIRET of the bodies that deliver open ESF for ``holder``."""
    return {d.convention.dispensateur.siret for d in _delegated(desk, holder)}


def on_behalf(desk: Desk, right: Organisation, wrong: Organisation) -> Iterator[Deposit]:
    """A titulaire for its dispensateur (AVT-06); another that names the wrong dispensateur (REF-05)."""
    mine = _delegated(desk, right)[:2]
    named = {"SIRET": right.siret, "Pour le compte de": mine[0].convention.dispensateur.siret}
    same = [d for d in mine if d.convention.dispensateur.siret == named["Pour le compte de"]]
    lines = tuple(desk.right(same, 5, 3))
    nom = desk.name(right.siret, Style())
    yield Deposit(right.siret, nom, desk.now(), lines, Style(), named, named, attendus=("AVT-06",))
    theirs = _delegated(desk, wrong)
    chosen = theirs[0]
    other = next(
        d.convention.dispensateur for d in theirs if d.convention.dispensateur != chosen.convention.dispensateur
    )
    juste = {"SIRET": wrong.siret, "Pour le compte de": chosen.convention.dispensateur.siret}
    faux = juste | {"Pour le compte de": other.siret}
    lines = tuple(desk.right([chosen], 4, 2))
    nom = desk.name(wrong.siret, Style())
    yield Deposit(wrong.siret, nom, desk.now(), lines, Style(), faux, juste, attendus=("REF-05",))


def two_claimants(desk: Desk, holder: Organisation) -> Iterator[Deposit]:
    """Titulaire and dispensateur complete the same absences: the first comes first, the second learns nothing of it."""
    dsf = _delegated(desk, holder)[-1]
    lines = desk.right([dsf], 0, 2)
    yield Deposit(holder.siret, desk.name(holder.siret, Style()), desk.now(), tuple(lines), Style(), correction=NOTHING)
    deliverer = dsf.convention.dispensateur.siret
    late = tuple(Planned(p.typed, None, "REF-10") for p in lines)
    nom = desk.name(deliverer, Style())
    yield Deposit(deliverer, nom, desk.now(), late + tuple(desk.right([dsf], 2, 0)), Style())


def again(desk: Desk, organisation: Organisation) -> Iterator[Deposit]:
    """A file dropped, the same file under another name (AVT-07), then one that changes and overlaps it (DBL-03, AVT-04)."""
    siret = organisation.siret
    lines = desk.right(desk.open_dsf(siret)[:3], 4, 2)
    first = Deposit(siret, desk.name(siret, Style()), desk.now(), tuple(lines), Style(), correction=NOTHING)
    yield first
    copy = first.nom.replace(".xlsx", " (1).xlsx")
    yield replace(first, nom=copy, quand=desk.now(), attendus=("AVT-07",))
    hours = [p.typed for p in lines if p.typed.nature == HEURES]
    changed = hours[0].but(heures=Hours(100))
    second = [Planned(changed, None, "DBL-03")]
    for line in (line for line in hours[1:] if line.values["numero_dsf"] != changed.values["numero_dsf"]):
        made = _overlap(desk, line)
        if made is not None:
            second.append(Planned(made, made, "AVT-04"))
            break
    yield Deposit(siret, desk.name(siret, Style()), desk.now(), tuple(second), Style())


def _overlap(desk: Desk, line: Line) -> Line | None:
    """Some hours more on a week that holds the day of ``line``."""
    row = desk.row_of(line)
    day = line.values["date_debut"]
    assert isinstance(day, date)
    last = min(day + timedelta(days=2), row.dsf.fin)
    if last == day or desk.stock.room(row) < 200:
        return None
    desk.stock.take(row, 100)
    return line.but(date_debut=day, date_fin=last, heures=Hours(100), reference_justificatif=desk.stock.proof("EMARG"))


def closed(desk: Desk, code: str) -> Deposit | None:
    """Lines on what cannot be completed: DSF not validée (REF-02), finale (REF-03), absence completed before (REF-10)."""
    for dsf in desk.world.dsf:
        if _reason(dsf) != code or dsf.convention.type_session != "ESF":
            continue
        made = desk.stock.absence(dsf, deja=True) if code == "REF-10" else desk.stock.hours(dsf)
        if made is None:
            continue
        siret = dsf.convention.dispensateur.siret
        lines = [Planned(made[0], None, code), *desk.right(desk.open_dsf(siret)[:2], 4, 2)]
        return Deposit(siret, desk.name(siret, Style()), desk.now(), tuple(lines), Style())
    return None


def _reason(dsf: Dsf) -> str:
    """Why ``dsf`` cannot be completed; an open one may have an absence that was."""
    if dsf.open:
        return "REF-10"
    if dsf.nature == "INTERMEDIAIRE":
        return "REF-02"
    return "REF-03" if dsf.statut.startswith("Validée") else ""
