"""`dsf reissue`: one complementary DSF written again from the ledger, byte for byte."""

from datetime import date
from pathlib import Path

from pipeline import disk, ledger, nomenclature
from pipeline.bilingual import Text
from pipeline.commands.console import plain
from pipeline.errors import StateHalt
from pipeline.judging import known_again
from pipeline.judging.complement import decode, file_name
from pipeline.judging.earlier import earlier
from pipeline.ledger import chain
from pipeline.publishing import spool
from pipeline.settings import Settings
from pipeline.workspace import Workspace

_CHANGED = Text(
    "Le contenu de {numero} n'est plus celui d'origine dans le registre : lancez `dsf verify`.",
    "The content of {numero} is no longer the original one in the ledger: run `dsf verify`.",
)
_ERASED = Text(
    "Les personnes de {numero} ont été effacées le {day} (dsf purge) : elle ne s'écrit plus.",
    "The persons of {numero} were erased on {day} (dsf purge): it can no longer be written.",
)
_THERE = Text(
    "{file} existe déjà à cet endroit : rien n'est écrasé. Donnez un autre dossier (-o).",
    "{file} is there already: nothing is written over. Give another folder (-o).",
)


def reissue(workspace: Workspace, settings: Settings, numero: str, output: Path) -> list[Path]:
    """Write ``<numero>.json`` and ``.xlsx`` of one complement into the folder ``output``, as they were emitted.

    The JSON is the ledger's bytes; the workbook is made from it again and compared, by hash, with what was emitted. Raises
    ``StateHalt`` when the number is unknown, a file stands there already, or the ledger's bytes are not the original ones.
    """
    from pipeline.documents import clerk

    with ledger.open(workspace, settings) as book:
        row = book.complement(numero)
        if row is None:
            raise StateHalt(ledger.UNKNOWN.fill(numero=plain(numero)))
        emitted = book.publication_of(row.siret, file_name(row.numero))
        on_dsf = book.complements_on([row.cle_dsf])
        secret = book.pseudonyms
    if row.efface_le:
        raise StateHalt(_ERASED.fill(numero=plain(numero), day=row.efface_le))
    if chain.sha256(row.payload) != row.sha256:
        raise StateHalt(_CHANGED.fill(numero=plain(numero)))
    name = file_name(row.numero)
    (made,) = (one for one in on_dsf if one.numero == row.numero)
    renames = nomenclature.renames(workspace.root, settings.correspondances)
    before = earlier(made, known_again.complements(on_dsf, [made], secret, renames), renames)
    workbook = clerk.workbook(decode(row.payload), date.fromisoformat(row.emis_le), before=before)
    files = {f"{name}.json": row.payload, f"{name}.xlsx": workbook}
    if emitted and spool.content_sha256(files.items()) != emitted.sha256:
        # The JSON is exact all the same; the workbook is of another version of the program, or of other correspondances.
        files.pop(f"{name}.xlsx")
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for file, data in files.items():
        try:
            disk.write_new(output / file, data, "réédition")
        except FileExistsError:
            raise StateHalt(_THERE.fill(file=file)) from None
        written.append(output / file)
    disk.flush(written, "réédition")
    return written
