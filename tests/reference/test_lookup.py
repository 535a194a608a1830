"""What the reference answers: of some DSF, of an organisation; and with nothing loaded."""

from pipeline import reference
from pipeline.workspace import Workspace
from tests.world import extracts as sample

OTHER = "35600000000006"


def test_nothing_is_known_of_an_empty_reference(workspace: Workspace) -> None:
    empty = reference.open(workspace)
    assert (empty.known(), empty.loads()) == (False, [])
    facts = empty.facts(["d-001"])
    assert [len(frame) for frame in vars(facts).values()] == [0] * 5
    assert empty.raisons_sociales([sample.TITULAIRE]) == {}
    assert empty.of_organisation(sample.TITULAIRE).dsf.empty


def test_frames_have_the_same_columns_and_types_empty_or_not(workspace: Workspace) -> None:
    empty = reference.open(workspace).facts(["d-001"])
    sample.write_csv(workspace.extracts, sample.good())
    sample.load(workspace)
    known = reference.open(workspace)
    for name, frame in vars(known.facts(["d-001"])).items():
        assert frame.dtypes.to_dict() == getattr(empty, name).dtypes.to_dict(), name
        assert frame.dtypes.to_dict() == getattr(known.facts([]), name).dtypes.to_dict(), name
        assert not frame.drop(columns="date_validation", errors="ignore").isna().any().any()


def test_a_reference_once_opened_does_not_change(workspace: Workspace) -> None:
    sample.write_csv(workspace.extracts, sample.good())
    sample.load(workspace)
    before = reference.open(workspace)
    newer = sample.good()
    newer["dsf"] = [row | {"intitule": "autre"} for row in newer["dsf"]]
    sample.write_csv(workspace.extracts, newer)
    sample.load(workspace)
    assert before.show("D-001").dsf["intitule"].item() == "Bureautique"
    assert reference.open(workspace).show("D-001").dsf["intitule"].item() == "autre"


def test_unknown_numbers_are_just_not_there(workspace: Workspace) -> None:
    sample.write_csv(workspace.extracts, sample.good())
    sample.load(workspace)
    facts = reference.open(workspace).facts(["d-404", "d-001", "d-001"])
    assert facts.dsf["cle_dsf"].tolist() == ["d-001"]
    assert set(facts.sequences["cle_dsf"]) == {"d-001"}
    assert set(facts.declared["cle_dsf"]) == {"d-001", "d-002"}


def test_an_organisation_sees_what_it_may_complete(workspace: Workspace) -> None:
    open_, closed = "Validee par POLE EMPLOI", "En cours de contrôle"
    tables: sample.Tables = {
        "dsf": [
            sample.dsf("OUI", statut=open_),
            sample.dsf("NON-1", statut=closed),
            sample.dsf("NON-2", nature="finale"),
            sample.dsf("AUTRE", siret_titulaire=OTHER, siret_dispensateur=OTHER, raison_sociale_titulaire="Autre"),
        ],
        "sequences": [sample.sequence(n) for n in ("OUI", "NON-1", "NON-2", "AUTRE")],
        "absences": [
            absence
            for n in ("OUI", "NON-1", "NON-2", "AUTRE")
            for absence in (
                sample.absence("A1", n, deja_complementee="oui"),
                sample.absence("A2", n, heures_non_financables="3.5"),
            )
        ],
    }
    sample.write_csv(workspace.extracts, tables)
    (result,) = sample.load(workspace)
    assert result.error is None
    known = reference.open(workspace)
    for siret in (sample.TITULAIRE, sample.DISPENSATEUR):
        rows = known.of_organisation(siret)
        assert rows.dsf["numero_dsf"].tolist() == ["OUI"]
        assert rows.sequences["numero_dsf"].tolist() == ["OUI"]
        assert rows.absences["id_absence"].tolist() == ["A2"]
    assert known.of_organisation(sample.TITULAIRE, [" oui "]).dsf["numero_dsf"].tolist() == ["OUI"]
    assert known.of_organisation(sample.TITULAIRE, ["AUTRE"]).dsf.empty
    assert known.of_organisation(OTHER).raison_sociale
    assert known.raison_sociale(sample.DISPENSATEUR) == "Formation d'Essai"
    assert known.raisons_sociales([sample.TITULAIRE, "00000000000000"]) == {sample.TITULAIRE: "Les Ateliers d'Essai"}
