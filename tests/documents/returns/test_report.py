"""The secretary's page: what it says, in which order, and that nothing of a sender becomes markup."""

import re
from decimal import Decimal

import pytest
from lxml import html
from lxml.html import HtmlElement

from pipeline.documents.page import typed, visible
from pipeline.documents.returns.html import report_page
from tests.documents.returns import samples


def page(model: samples.Model) -> HtmlElement:
    return html.document_fromstring(report_page(model).decode())


PLAIN = str.maketrans({"\u202f": " ", "\xa0": " ", "’": "'"})


def said(node: HtmlElement) -> str:
    """The text of ``node`` with plain spaces and apostrophes, and a space after each cell and term."""
    source = re.sub(r"(</(?:dt|th|td)>)", r"\1 ", html.tostring(node, encoding="unicode", with_tail=False))
    return re.sub(
        r"\s+",
        " ",
        html.fragment_fromstring(source, create_parent=True).text_content().translate(PLAIN),
    ).strip()


def css(node: HtmlElement, selector: str) -> list[HtmlElement]:
    """The nodes under ``node`` that a plain CSS selector names (tags, .class, #id, [attr], :not([attr]), descent, >)."""
    found: dict[HtmlElement, None] = {}
    for one_of in selector.split(","):
        path, axis = ".", "//"
        for word in one_of.split():
            if word == ">":
                axis = "/"
                continue
            path += axis + _step(word)
            axis = "//"
        found |= dict.fromkeys(node.xpath(path))
    return list(found)


def _step(word: str) -> str:
    tag, *tests = re.split(r"(?=[.#\[:])", word.replace(":not([", "!").replace("])", ""))
    tag, _, absent = tag.partition("!")
    conditions = [f"not(@{absent})"] if absent else []
    for test in tests:
        kind, name = test[0], test[1:].rstrip("]")
        has_class = f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"
        conditions.append({".": has_class, "#": f"@id='{name}'", "[": f"@{name}"}[kind])
    return (tag or "*") + "".join(f"[{condition}]" for condition in conditions)


def one(node: HtmlElement, selector: str) -> HtmlElement:
    found = css(node, selector)
    assert len(found) == 1, selector
    return found[0]


@pytest.fixture(scope="module")
def full() -> HtmlElement:
    return page(samples.full())


def test_three_sentences_stand_on_top(full: HtmlElement) -> None:
    first, second, third, then, taken = [said(p) for p in css(full, ".trois p")]
    assert (
        first
        == "Reçu : votre fichier, daté du 01/04/2025 à 16 h 05 (heure de Paris), contient 40 lignes, soit 278,33 h."
    )
    assert second == "Accepté : 5 lignes, soit 35,00 h. Elles sont définitivement prises en compte."
    assert third.startswith("À faire maintenant : 29 lignes à corriger. ") and "causes distinctes en tout" in third
    assert "Ouvrez a-corriger-20250402-3fa9c1d2.xlsx, suivez la colonne « Que faire »" in third
    assert then.startswith("Ensuite : accepté n'est pas encore saisi : ")
    assert "Les 4 lignes retenues y sont aussi" in third
    assert taken.startswith("2 lignes avaient déjà été acceptées") and "Absences justifiées, lignes 9 et 10" in taken


def test_lines_read_are_accepted_rejected_held_or_taken_and_the_table_adds_up(full: HtmlElement) -> None:
    rows = [[said(cell) for cell in row] for row in css(full, ".compte tbody tr")]
    assert [row[0] for row in rows] == ["Lues", "= Acceptées", "+ Rejetées", "+ Retenues", "+ Déjà prises"]
    lines = [int(row[1]) for row in rows]
    hours = [Decimal(row[2].replace(",", ".")) for row in rows]
    assert lines[0] == sum(lines[1:]) == 40 and hours[0] == sum(hours[1:])


def test_one_cause_on_many_lines_is_said_once_with_ranges(full: HtmlElement) -> None:
    shared = one(full, "#cause-1")
    assert said(one(shared, "h3")) == "Cause 1 : Absences justifiées, lignes 20 à 39, 43 et 44 (22 lignes)"
    assert said(full).count("La date « 03/25 » ne peut pas être lue.") == 1
    few = one(full, "#cause-2")
    assert "lignes 50, 52 et 54" in said(few) and "DE LA TOUR Jean-Noël" in said(few)


def test_a_line_is_found_by_place_person_and_cell_with_the_code_last(full: HtmlElement) -> None:
    places = [said(h) for h in css(full, "section .fiches > li:not([id]) > h3")]
    assert places == [
        "Heures complémentaires, ligne 6", *(f"Absences justifiées, ligne {n}" for n in (12, 13, 22, 60))
    ]  # fmt: skip
    line = css(full, "section .fiches > li:not([id])")[1]
    assert said(one(line, "p.qui")) == "LEFÈVRE Anaïs · 1234512C · DSF 41C0000123 · séquence SEQ-01"
    hours = css(line, ".fiche")[0]
    assert said(hours) == (
        "Cellule I12, « Heures à valoriser » 7h20 n'est pas un multiple de 0,25 h. Saisi 7h20 Attendu 7,25 ou 7,50 "
        "À faire Arrondissez au quart d'heure : 7,25 ou 7,50. Règle LIG-09"
    )


def test_a_line_says_which_shared_causes_it_has_besides(full: HtmlElement) -> None:
    assert "Cette ligne a aussi la cause 1 ci-dessus." in said(full)


def test_no_finding_lacks_a_place_a_message_a_gesture_or_a_code(full: HtmlElement) -> None:
    for document in (full, page(samples.refused()), page(samples.as_csv())):
        entries = css(document, ".fiches > li")
        assert entries
        for entry in entries:
            assert said(one(entry, "h3"))
            for card in css(entry, ".fiche"):
                assert said(one(card, ".message"))
                assert said(one(card, ".geste dd"))
                assert re.fullmatch(r"[A-Z]{3}-\d\d", said(one(card, ".code dd")))


def test_held_lines_say_what_they_wait_for(full: HtmlElement) -> None:
    assert (
        "DSF 41C0000123 : Absences justifiées, lignes 14 à 16 et 18 : ces 4 lignes sont bonnes (28,00 h) ; "
        "elles attendent la ligne 12."
    ) in said(full)
    alone = samples.model([samples.line(12, "rejetee"), samples.line(13, "retenue", "heures")], [])
    assert "cette ligne est bonne (7,00 h) ; elle attend la ligne 12 de « Absences justifiées »." in said(page(alone))
    deposit = said(page(samples.full(politique="depot")))
    assert "Les lignes d'un même fichier partent toutes ensemble" in deposit


def test_warnings_are_folded_apart(full: HtmlElement) -> None:
    folded = one(full, "details.avertis")
    assert "open" not in folded.attrib
    assert said(one(folded, "summary")) == "3 points à vérifier, sans conséquence sur l'acceptation"
    codes = [said(code) for code in css(folded, ".code dd")]
    assert codes == ["AVT-06", "AVT-01", "AVT-01"]
    assert not [code for code in css(full, "section .code dd") if said(code).startswith("AVT")]


def test_it_says_what_it_was_judged_with_and_how_the_file_was_read(full: HtmlElement) -> None:
    judged = said(one(full, "dl.juge"))
    for part in (
        "3fa9c1d2" * 8,
        "5c1f0a9be2d4",
        "0.1.0",
        "2025-03-31-1, du 31/03/2025",
        "pas de 0,25 h",
        "18 432 octets",
    ):
        assert part in judged
    assert "titres en ligne 3" in said(full)


def test_the_complements_issued_are_named(full: HtmlElement) -> None:
    assert "41C0000999-C02 41C0000999 5 0,00 35,00" in said(full)


def test_a_refused_file_has_one_page_with_its_faults_and_no_lines() -> None:
    refused = page(samples.refused())
    assert said(one(refused, ".etat")) == "Fichier refusé"
    assert [said(h) for h in css(refused, "h2")] == ["À corriger", "Les règles citées", "Contrôlé avec"]
    assert "Cellule B2" in said(refused) and "Feuille « mars »" in said(refused)
    files = [a.get("href") for a in css(refused, "a[href]") if a.get("href", "")[:1] not in "#."]
    assert files == [f"modele-{samples.SIRET}.xlsx"] and not css(refused, "table")


def test_when_all_is_accepted_there_is_nothing_to_do() -> None:
    for model in (samples.accepted(), samples.taken()):
        text = said(page(model))
        assert "À faire maintenant : rien à corriger." in text and "a-corriger" not in text


def test_a_csv_has_rows_and_no_sheet() -> None:
    text = said(page(samples.as_csv()))
    assert "Cause 1 : lignes 20 à 39, 43 et 44" in text and "Absences justifiées, ligne" not in text


def test_english_is_english() -> None:
    document = page(samples.full(langue="en"))
    assert document.get("lang") == "en"
    assert "holds 40 lines, 278.33 h." in said(document) and "À faire" not in said(one(document, ".trois"))


def test_text_of_a_sender_is_never_markup_and_its_hidden_signs_show() -> None:
    source = report_page(samples.full()).decode()
    assert "<script" not in source and "&lt;script&gt;" in source
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufeff]", source)
    assert '<span class="signe">U+202E</span>' in source and '<span class="signe">U+0007</span>' in source
    assert str(typed("<b>")) == '<bdi dir="auto">&lt;b&gt;</bdi>'
    assert str(visible("a\nb\u200f")) == 'a<span class="signe">↵</span>b<span class="signe">U+200F</span>'
    assert len(visible("e" + "\u0301" * 500)) == 3 and len(visible("x" * 5000)) == 300


def test_hostile_text_everywhere_leaves_the_page_whole() -> None:
    model = samples.full()
    nasty = '"><img src=x onerror=alert(1)>{{ 7*7 }}\u202e\x00\ud83d'
    for place in (*model["constats"], *model["lignes"]):
        for name in set(place) & {
            "valeur",
            "attendu",
            "message",
            "geste",
            "titre",
            "nom",
            "prenom",
            "numero_dsf",
            "feuille",
        }:
            place[name] = nasty
    document = page(model | {"fichier": nasty, "raison_sociale": nasty, "interpretations": [nasty]})
    assert not css(document, "img, script, iframe, object")
    assert not document.xpath("//@*[starts-with(name(), 'on')]")
    assert "49" not in said(one(document, "h1"))


def test_ten_thousand_findings_fit_counts_are_exact_and_the_cut_is_said_first() -> None:
    data = report_page(samples.many())
    assert len(data) <= 1_500_000
    document = html.document_fromstring(data.decode())
    shown = len(css(document, ".fiche"))
    notice = said(one(document, ".avis"))
    assert notice.startswith(f"Cette page ne montre que {shown:,} des 10 000 constats.".replace(",", " "))
    before = said(one(document, "main")).index("Cette page ne montre")
    assert before < said(one(document, "main")).index("Ligne par ligne")
    assert "10 000 lignes à corriger" in said(document)
    assert "LIG-03 10 000 L'identifiant DE" in said(document)


def test_the_longest_texts_still_fit() -> None:
    model = samples.many(4000)
    for constat in model["constats"]:
        constat["valeur"] = constat["message"] = constat["geste"] = constat["attendu"] = (
            "\u202e<é" * 10_000 + constat["cellule"]
        )
    assert len(report_page(model)) <= 1_500_000


def test_ten_thousand_findings_of_one_cause_are_one_sentence() -> None:
    document = page(samples.many(same=True))
    assert len(css(document, ".fiche")) == 1 and not css(document, ".avis")
    assert "lignes 4 à 10003 (10 000 lignes)" in said(document)
