"""Words that the sample data is made of. Chance combines the names: nobody is meant."""

SURNAMES = (
    "Abadie Aubertin Baillargeon Bellanger Bénard Boisvert Bonnefoy Bourdelle Brunel Cadoret Carlier Castaing Chauvelin "
    "Colombet Cordelier Daubigny Delahaye Desmarets Duchêne Dufresne Esnault Fauvel Ferrand Fontenay Gaillard Garnaud "
    "Gauvain Grandjean Guérin Hamelin Hébrard Jacquemin Joubert Kervella Labrousse Lacombe Lagarde Lambertin Landry "
    "Lavergne Lecointre Lefort Léonard Loiseau Maillard Malaval Marchand Mercadier Montagnier Morvan Nadeau Noguès "
    "Ollivier Papin Pasquier Pélissier Perrault Poirier Quéméneur Rabouin Renaudin Ribeyrol Roquefeuil Rouvière Sabatier "
    "Saunier Sénéchal Tavernier Thibaudet Tourneur Vasseur Verdier Vigneron Villeneuve Yvernault"
).split()
FIRST_NAMES = (
    "Adèle Aline Amina Anaïs Arthur Bakary Bastien Benoît Camille Cécile Chloé Clément Corentin Damien Diane Élise Émile "
    "Fabien Fanny Fatou Félix Gaëlle Gaspard Hélène Hugo Inès Ismaël Jade Jérôme Joël Julie Karim Laure Léa Leïla Lucas "
    "Maël Manon Margot Mehdi Nadia Nathan Nina Noé Océane Olivier Pauline Quentin Rachida Rémi Romain Sabrina Salomé Samir "
    "Simon Soraya Tanguy Théo Valérie Victor Yann Yasmine Zoé"
).split()
BODIES = (
    "Atelier",
    "Centre de formation",
    "École des métiers",
    "Passerelle Formation",
    "Tremplin Compétences",
    "Campus",
    "Institut",
    "Maison de l'apprentissage",
)
PLACES = (
    "du Val Clair",
    "des Deux Rives",
    "de la Pierre Levée",
    "du Haut Coteau",
    "des Trois Moulins",
    "de la Grande Lande",
    "du Pont Neuf",
    "des Quatre Vents",
    "du Bois Joli",
    "de l'Étang Bleu",
    "de la Vieille Halle",
    "du Chemin Vert",
)
TRAININGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Secrétaire assistant",
        ("Accueil et positionnement", "Bureautique", "Écrits professionnels", "Gestion de dossiers"),
    ),
    ("Agent de propreté et d'hygiène", ("Gestes et postures", "Techniques de nettoyage", "Stage en entreprise")),
    ("Développeur web", ("Algorithmique", "Pages et feuilles de style", "Bases de données", "Projet")),
    ("Cuisinier en restauration", ("Hygiène alimentaire", "Préparations froides", "Préparations chaudes", "Service")),
    ("Aide à domicile", ("Relation à la personne", "Entretien du logement", "Repas", "Stage en entreprise")),
    ("Cariste d'entrepôt", ("Conduite en sécurité", "Préparation de commandes", "Gestion des stocks")),
    (
        "Électricien d'équipement",
        ("Habilitation électrique", "Installations domestiques", "Dépannage", "Lecture de plans"),
    ),
    ("Français langue d'insertion", ("Oral", "Écrit", "Vie quotidienne et emploi")),
    ("Comptable assistant", ("Comptabilité générale", "Paie", "Fiscalité courante", "Tableur")),
    ("Soudeur industriel", ("Lecture de plans", "Soudage à l'arc", "Soudage semi-automatique")),
    ("Conseiller de vente", ("Accueil du client", "Techniques de vente", "Tenue du rayon", "Stage en entreprise")),
    ("Maçon du bâti ancien", ("Traçage", "Maçonnerie de pierre", "Enduits à la chaux")),
)
ABSENCE_TYPES = ("Non justifiée", "Maladie sans justificatif", "Retard", "Autre motif")
REASONS = ("MAL", "AT", "ENF", "FAM", "CONV", "FT", "EMB", "EXA", "TRA")
EXTRA_COLUMNS = {"Formateur": ("interne", "vacataire"), "Salle": ("B12", "Atelier 2", "B14"), "Saisi par": ("accueil",)}
TITLES = (
    "Complément de service fait",
    "Récapitulatif des heures à régulariser",
    "Tableau de suivi des justificatifs – 1er semestre 2025",
)
