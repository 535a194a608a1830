"""Columns that our own workbooks add to inform: on a re-drop they are neither read nor the sender's nor worth a word."""

QUE_FAIRE = "Que faire"
ATTENDU = "Attendu"
ORIGINE = "Ligne d'origine"
SEQUENCE = "Intitulé de la séquence"
PREVUES = "Heures prévues au PIF"
DECLAREES = "Heures réalisées déjà déclarées"
NATURE_ABSENCE = "Nature de l'absence déclarée"
OUVERTES = "Heures non finançables de l'absence"
OURS = (QUE_FAIRE, ATTENDU, ORIGINE, SEQUENCE, PREVUES, DECLAREES, NATURE_ABSENCE, OUVERTES)
"""Headings of columns that inform and are never read."""
