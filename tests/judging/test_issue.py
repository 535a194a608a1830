"""What a complement says of a trainee as a whole."""

from pathlib import Path

from tests.world import World


def test_what_is_declared_of_a_trainee_is_over_all_sequences_of_this_dsf(tmp_path: Path) -> None:
    world = World(tmp_path)
    other = {"identifiant_de": "7654321B", "nom": "AUTRE", "prenom": "Léa", "heures_realisees": "99"}
    world.add_dsf(
        sequences=[{"heures_realisees": "60"}, {"code_sequence": "S2", "heures_realisees": "5,5"}, other],
        absences=[{"id_absence": "A1"}, {"id_absence": "A2", "code_sequence": "S2", "heures_non_financables": "3,5"}],
    )
    world.add_dsf("DSF-2", sequences=[{"heures_realisees": "40"}]).write_extracts()
    world.hours("h.csv", {})
    world.run()
    (person,) = world.complements()["DSF-1-C01"]["demandeurs"]
    assert [sequence["code"] for sequence in person["sequences"]] == ["S1"]
    assert person["totaux"] == {
        "heures_complementaires": 7.0,
        "heures_valorisees": 0.0,
        "heures_realisees_initiales": 65.5,
        "heures_absence_non_financables_initiales": 10.5,
    }
