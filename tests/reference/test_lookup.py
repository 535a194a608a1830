"""What the reference answers: of some DSF, of an organisation; and with nothing loaded."""

from pipeline import reference
from pipeline.workspace import Workspace
from tests.reference.good import good
from tests.world import extracts
from tests.world.extracts import BY_ANOTHER, DISPENSATEUR, TITULAIRE

OTHER = "35600000000006"


def test_nothing_is_known_of_an_empty_reference(workspace: Workspace) -> None:
    empty = reference.open(workspace)
    assert (empty.known(), empty.loads()) == (False, [])
    facts = empty.facts(["dsf-1"])
    assert [len(frame) for frame in vars(facts).values()] == [0] * 5
    assert empty.raisons_sociales([TITULAIRE]) == {}
    assert empty.of_organisation(TITULAIRE).facts.dsf.empty


def test_frames_have_the_same_columns_and_types_empty_or_not(workspace: Workspace) -> None:
    empty = reference.open(workspace).facts(["dsf-1"])
    extracts.write_csv(workspace.extracts, good())
    extracts.load(workspace)
    known = reference.open(workspace)
    for name, frame in vars(known.facts(["dsf-1"])).items():
        assert frame.dtypes.to_dict() == getattr(empty, name).dtypes.to_dict(), name
        assert frame.dtypes.to_dict() == getattr(known.facts([]), name).dtypes.to_dict(), name
        assert not frame.drop(columns="date_validation", errors="ignore").isna().any().any()


def test_a_reference_once_opened_does_not_change(workspace: Workspace) -> None:
    extracts.write_csv(workspace.extracts, good())
    extracts.load(workspace)
    before = reference.open(workspace)
    newer = good()
    newer["dsf"] = [row | {"intitule": "autre"} for row in newer["dsf"]]
    extracts.write_csv(workspace.extracts, newer)
    extracts.load(workspace)
    assert before.show("DSF-1").dsf["intitule"].item() == "Bureautique"
    assert reference.open(workspace).show("DSF-1").dsf["intitule"].item() == "autre"


def test_unknown_numbers_are_just_not_there(workspace: Workspace) -> None:
    extracts.write_csv(workspace.extracts, good())
    extracts.load(workspace)
    facts = reference.open(workspace).facts(["d-404", "dsf-1", "dsf-1"])
    assert facts.dsf["cle_dsf"].tolist() == ["dsf-1"]
    assert set(facts.sequences["cle_dsf"]) == {"dsf-1"}
    assert set(facts.declared["cle_dsf"]) == {"dsf-1", "dsf-2"}


def test_a_status_with_a_hyphen_is_one_that_can_be_completed(workspace: Workspace) -> None:
    tables = good()
    for row in tables["dsf"]:
        row["statut"] = "Validée par Pôle-emploi"
    extracts.write_csv(workspace.extracts, tables)
    extracts.load(workspace)
    offered = reference.open(workspace).of_organisation(TITULAIRE).facts.dsf["numero_dsf"]
    assert sorted(offered) == ["DSF-1", "DSF-2"]


def test_an_organisation_sees_what_it_may_complete(workspace: Workspace) -> None:
    open_, closed = "Validee par POLE EMPLOI", "En cours de contrôle"
    tables: extracts.Tables = {
        "dsf": [
            extracts.dsf("OUI", statut=open_, **BY_ANOTHER),
            extracts.dsf("NON-1", statut=closed, **BY_ANOTHER),
            extracts.dsf("NON-2", nature="finale", **BY_ANOTHER),
            extracts.dsf("AUTRE", siret_titulaire=OTHER, siret_dispensateur=OTHER, raison_sociale_titulaire="Autre"),
        ],
        "sequences": [
            extracts.sequence(n, heures_absence_non_financables="10.5") for n in ("OUI", "NON-1", "NON-2", "AUTRE")
        ],
        "absences": [
            absence
            for n in ("OUI", "NON-1", "NON-2", "AUTRE")
            for absence in (
                extracts.absence(n, deja_complementee="oui"),
                extracts.absence(n, id_absence="A2", heures_non_financables="3.5"),
            )
        ],
    }
    extracts.write_csv(workspace.extracts, tables)
    (result,) = extracts.load(workspace)
    assert result.error is None
    known = reference.open(workspace)
    for siret in (TITULAIRE, DISPENSATEUR):
        facts = known.of_organisation(siret).facts
        assert facts.dsf["numero_dsf"].tolist() == ["OUI"]
        assert facts.sequences["numero_dsf"].tolist() == ["OUI"]
        assert facts.absences["numero_dsf"].tolist() == ["OUI", "OUI"]
    assert known.of_organisation(TITULAIRE, [" oui "]).facts.dsf["numero_dsf"].tolist() == ["OUI"]
    assert known.of_organisation(TITULAIRE, ["AUTRE"]).facts.dsf.empty
    assert known.of_organisation(OTHER).raison_sociale
    assert known.raison_sociale(DISPENSATEUR) == "Formation d'Essai"
    assert known.raisons_sociales([TITULAIRE, "00000000000000"]) == {TITULAIRE: "Les Ateliers d'Essai"}
