BEGIN TRANSACTION;
CREATE TABLE absences (
	cle_dsf TEXT NOT NULL, 
	cle_de TEXT NOT NULL, 
	cle_sequence TEXT NOT NULL, 
	cle_absence TEXT NOT NULL, 
	date_debut TEXT NOT NULL, 
	date_fin TEXT NOT NULL, 
	heures INTEGER NOT NULL, 
	complement INTEGER NOT NULL, 
	feuille TEXT NOT NULL, 
	ligne INTEGER NOT NULL, 
	PRIMARY KEY (cle_dsf, cle_de, cle_sequence, cle_absence), 
	FOREIGN KEY(complement) REFERENCES complements (seq)
)
 WITHOUT ROWID

;
INSERT INTO "absences" VALUES('dsf-1','1234567a','s1','a1','2025-02-03','2025-02-04',700,1,'Absences',2);
INSERT INTO "absences" VALUES('dsf-1','1234567a','s1','a2','2025-02-03','2025-02-04',700,2,'Absences',2);
CREATE TABLE arrivees (
	chemin BLOB NOT NULL, 
	identite TEXT NOT NULL, 
	octets BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	demarrage TEXT NOT NULL, 
	monotone_ns BIGINT NOT NULL, 
	vu_ns BIGINT NOT NULL, 
	PRIMARY KEY (chemin)
);
CREATE TABLE complements (
	seq INTEGER NOT NULL, 
	numero TEXT NOT NULL, 
	cle_dsf TEXT NOT NULL, 
	rang INTEGER NOT NULL, 
	depot TEXT NOT NULL, 
	siret TEXT NOT NULL, 
	emis_le TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	sha256 TEXT NOT NULL, 
	prev_sha256 TEXT NOT NULL, 
	maillon TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (cle_dsf, rang), 
	UNIQUE (numero), 
	FOREIGN KEY(depot) REFERENCES depots (numero), 
	UNIQUE (maillon)
);
INSERT INTO "complements" VALUES(1,'DSF-1-C01','dsf-1',1,'D-DSF-1-C01','73282932000074','2025-06-30',X'7B2264656D616E6465757273223A205B7B226964656E74696669616E745F6465223A20223132333435363741222C202273657175656E636573223A205B7B22616273656E636573223A205B7B226865757265735F76616C6F726973656573223A20372E302C202269645F616273656E6365223A20224131227D5D2C2022636F6465223A20225331222C20226C69676E6573223A205B5D7D2C207B22616273656E636573223A205B5D2C2022636F6465223A20225331222C20226C69676E6573223A205B7B22646174655F6465627574223A2022323032352D30322D3130222C2022646174655F66696E223A2022323032352D30322D3130222C2022686575726573223A20372E307D5D7D5D7D5D2C20226E756D65726F223A20224453462D312D433031227D','07f8b32fbed18031378b5eed38d7f51b1ac30a1a6e7bf91585eaba1acc8592c9','','9e311304c31c8dc741842a4edadc564cb4c113ce9bb9bd929c9e2310689edd84');
INSERT INTO "complements" VALUES(2,'DSF-1-C02','dsf-1',2,'D-DSF-1-C02','73282932000074','2025-06-30',X'7B2264656D616E6465757273223A205B7B226964656E74696669616E745F6465223A20223132333435363741222C202273657175656E636573223A205B7B22616273656E636573223A205B7B226865757265735F76616C6F726973656573223A20372E302C202269645F616273656E6365223A20224132227D5D2C2022636F6465223A20225331222C20226C69676E6573223A205B5D7D5D7D5D2C20226E756D65726F223A20224453462D312D433032227D','3c005d390ba676a6affda25a8751eab382d173613b9f20b12e0a3f465b6c8fce','9e311304c31c8dc741842a4edadc564cb4c113ce9bb9bd929c9e2310689edd84','408642161b29b84200a25876031bfe8f73e0036d4115fb39c761129205841303');
CREATE TABLE depots (
	numero TEXT NOT NULL, 
	ordre INTEGER NOT NULL, 
	vague INTEGER NOT NULL, 
	run TEXT NOT NULL, 
	siret TEXT NOT NULL, 
	raison_sociale TEXT NOT NULL, 
	chemin BLOB NOT NULL, 
	fichier BLOB NOT NULL, 
	sha256 TEXT NOT NULL, 
	octets BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	identite TEXT NOT NULL, 
	format TEXT NOT NULL, 
	etat TEXT NOT NULL, 
	lignes_acceptees INTEGER NOT NULL, 
	lignes_rejetees INTEGER NOT NULL, 
	lignes_retenues INTEGER NOT NULL, 
	lignes_deja_prises INTEGER NOT NULL, 
	heures_acceptees INTEGER NOT NULL, 
	heures_rejetees INTEGER NOT NULL, 
	heures_retenues INTEGER NOT NULL, 
	heures_deja_prises INTEGER NOT NULL, 
	verdicts BLOB NOT NULL, 
	retire INTEGER NOT NULL, 
	PRIMARY KEY (numero), 
	UNIQUE (ordre), 
	FOREIGN KEY(run) REFERENCES runs (run)
);
INSERT INTO "depots" VALUES('D-DSF-1-C01',1,1,'2025-06-30-1','73282932000074','',X'696E626F782F6465706F74732F37333238323933323030303037342F442D4453462D312D4330312E637376',X'442D4453462D312D4330312E637376','0000000000000000000000000000000000000000000000000905b27734add4ca',4,0,'','csv','traite',1,0,0,0,700,0,0,0,X'442D4453462D312D4330312C726F770A',1);
INSERT INTO "depots" VALUES('D-DSF-1-C02',2,2,'2025-06-30-1','73282932000074','',X'696E626F782F6465706F74732F37333238323933323030303037342F442D4453462D312D4330322E637376',X'442D4453462D312D4330322E637376','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',4,0,'','csv','traite',1,0,0,0,700,0,0,0,X'442D4453462D312D4330322C726F770A',1);
CREATE TABLE dsf (
	depot TEXT NOT NULL, 
	cle_dsf TEXT NOT NULL, 
	numero_dsf TEXT NOT NULL, 
	lignes_acceptees INTEGER NOT NULL, 
	lignes_rejetees INTEGER NOT NULL, 
	lignes_retenues INTEGER NOT NULL, 
	lignes_deja_prises INTEGER NOT NULL, 
	heures_acceptees INTEGER NOT NULL, 
	heures_rejetees INTEGER NOT NULL, 
	heures_retenues INTEGER NOT NULL, 
	heures_deja_prises INTEGER NOT NULL, 
	PRIMARY KEY (depot, cle_dsf), 
	FOREIGN KEY(depot) REFERENCES depots (numero)
);
INSERT INTO "dsf" VALUES('D-DSF-1-C01','dsf-1','DSF-1',1,0,0,0,700,0,0,0);
INSERT INTO "dsf" VALUES('D-DSF-1-C02','dsf-1','DSF-1',1,0,0,0,700,0,0,0);
CREATE TABLE essais (
	siret TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	essais INTEGER NOT NULL, 
	PRIMARY KEY (siret, sha256)
);
CREATE TABLE extraits (
	vague INTEGER NOT NULL, 
	nom TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	date_extraction TEXT NOT NULL, 
	PRIMARY KEY (vague, nom, sha256)
);
INSERT INTO "extraits" VALUES(1,'extrait-1','0000000000000000000000000000000000000000000000000000000000000000','2025-06-01');
INSERT INTO "extraits" VALUES(2,'extrait-1','0000000000000000000000000000000000000000000000000000000000000000','2025-06-01');
CREATE TABLE heures (
	cle_dsf TEXT NOT NULL, 
	cle_de TEXT NOT NULL, 
	cle_sequence TEXT NOT NULL, 
	date_debut TEXT NOT NULL, 
	date_fin TEXT NOT NULL, 
	heures INTEGER NOT NULL, 
	cle_convention TEXT NOT NULL, 
	cle_pif TEXT NOT NULL, 
	complement INTEGER NOT NULL, 
	feuille TEXT NOT NULL, 
	ligne INTEGER NOT NULL, 
	PRIMARY KEY (cle_dsf, cle_de, cle_sequence, date_debut, date_fin), 
	FOREIGN KEY(complement) REFERENCES complements (seq)
)
 WITHOUT ROWID

;
INSERT INTO "heures" VALUES('dsf-1','1234567a','s1','2025-02-10','2025-02-10',700,'conv-1','pif-1',1,'Heures',3);
CREATE TABLE meta (
	id INTEGER NOT NULL CHECK (id = 1), 
	uuid TEXT NOT NULL, 
	schema_version INTEGER NOT NULL, 
	barriere INTEGER NOT NULL, 
	cree_le TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "meta" VALUES(1,'221d46c7-e193-4ee9-ab5a-1ac2d1620c2f',1,1,'2026-11-25T01:33:55+00:00');
CREATE TABLE publications (
	id INTEGER NOT NULL, 
	run TEXT NOT NULL, 
	genre TEXT NOT NULL, 
	cible TEXT NOT NULL, 
	nom TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	etat TEXT NOT NULL CHECK (etat IN ('STAGED', 'PUBLISHED')), 
	PRIMARY KEY (id), 
	FOREIGN KEY(run) REFERENCES runs (run), 
	UNIQUE (cible), 
	UNIQUE (nom)
);
INSERT INTO "publications" VALUES(1,'2025-06-30-1','dsf','73282932000074/dsf/DSF-1-C01','DSF-1-C01.3f4ea09122a8.1','6aaba04a56791c90806fb0c4156aed2df1d169c59afb342b538f07944923e457','PUBLISHED');
INSERT INTO "publications" VALUES(2,'2025-06-30-1','retour','73282932000074/retours/D-DSF-1-C01','D-DSF-1-C01.deade2ed3236.1','7ec96a7495bfb453b6969f94d2e2d6b2d7088cc8699cc3e08a2833b496e3ebb7','PUBLISHED');
INSERT INTO "publications" VALUES(3,'2025-06-30-1','dsf','73282932000074/dsf/DSF-1-C02','DSF-1-C02.d8a596b48e8b.1','f90572d9e8545b4d206e03d38dd93296df27d7db5d17d4206d82b3b06dbfe947','PUBLISHED');
INSERT INTO "publications" VALUES(4,'2025-06-30-1','retour','73282932000074/retours/D-DSF-1-C02','D-DSF-1-C02.6640292675e3.1','7ec96a7495bfb453b6969f94d2e2d6b2d7088cc8699cc3e08a2833b496e3ebb7','PUBLISHED');
CREATE TABLE regles (
	depot TEXT NOT NULL, 
	code TEXT NOT NULL, 
	constats INTEGER NOT NULL, 
	heures INTEGER NOT NULL, 
	PRIMARY KEY (depot, code), 
	FOREIGN KEY(depot) REFERENCES depots (numero)
);
INSERT INTO "regles" VALUES('D-DSF-1-C01','AVT-01',1,700);
INSERT INTO "regles" VALUES('D-DSF-1-C02','AVT-01',1,700);
CREATE TABLE runs (
	run TEXT NOT NULL, 
	ordre INTEGER NOT NULL, 
	date TEXT NOT NULL, 
	rang INTEGER NOT NULL, 
	etat TEXT NOT NULL CHECK (etat IN ('OUVERT', 'FINI')), 
	debut TEXT NOT NULL, 
	fin TEXT, 
	versions TEXT NOT NULL, 
	reglages TEXT NOT NULL, 
	attente TEXT NOT NULL, 
	laisses TEXT NOT NULL, 
	durees TEXT NOT NULL, 
	PRIMARY KEY (run), 
	UNIQUE (date, rang), 
	UNIQUE (ordre)
);
INSERT INTO "runs" VALUES('2025-06-30-1',1,'2025-06-30',1,'FINI','2026-11-25T01:33:55+00:00','2026-11-25T01:33:56+00:00','{"programme": "1", "regles": "1"}','{}','[]','[]','{}');
CREATE INDEX depots_run ON depots (run);
CREATE INDEX depots_a_retirer ON depots (retire) WHERE retire = 0;
CREATE INDEX depots_contenu ON depots (siret, sha256);
CREATE INDEX publications_en_attente ON publications (etat) WHERE etat = 'STAGED';
CREATE INDEX dsf_cle ON dsf (cle_dsf);
CREATE INDEX complements_depot ON complements (depot);
CREATE INDEX heures_convention ON heures (cle_convention);
CREATE TRIGGER meta_suppression BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'registre : meta ne se modifie pas'); END;
CREATE TRIGGER meta_modification BEFORE UPDATE ON meta WHEN NOT (NEW.id IS OLD.id AND NEW.uuid IS OLD.uuid AND NEW.cree_le IS OLD.cree_le AND (NEW.barriere >= OLD.barriere)) BEGIN SELECT RAISE(ABORT, 'registre : meta ne se modifie pas'); END;
CREATE TRIGGER runs_suppression BEFORE DELETE ON runs BEGIN SELECT RAISE(ABORT, 'registre : runs ne se modifie pas'); END;
CREATE TRIGGER runs_modification BEFORE UPDATE ON runs WHEN NOT (NEW.run IS OLD.run AND NEW.ordre IS OLD.ordre AND NEW.date IS OLD.date AND NEW.rang IS OLD.rang AND NEW.debut IS OLD.debut AND NEW.versions IS OLD.versions AND NEW.reglages IS OLD.reglages AND (OLD.etat = 'OUVERT')) BEGIN SELECT RAISE(ABORT, 'registre : runs ne se modifie pas'); END;
CREATE TRIGGER depots_suppression BEFORE DELETE ON depots BEGIN SELECT RAISE(ABORT, 'registre : depots ne se modifie pas'); END;
CREATE TRIGGER depots_modification BEFORE UPDATE ON depots WHEN NOT (NEW.numero IS OLD.numero AND NEW.ordre IS OLD.ordre AND NEW.vague IS OLD.vague AND NEW.run IS OLD.run AND NEW.siret IS OLD.siret AND NEW.raison_sociale IS OLD.raison_sociale AND NEW.chemin IS OLD.chemin AND NEW.fichier IS OLD.fichier AND NEW.sha256 IS OLD.sha256 AND NEW.octets IS OLD.octets AND NEW.mtime_ns IS OLD.mtime_ns AND NEW.identite IS OLD.identite AND NEW.format IS OLD.format AND NEW.etat IS OLD.etat AND NEW.lignes_acceptees IS OLD.lignes_acceptees AND NEW.lignes_rejetees IS OLD.lignes_rejetees AND NEW.lignes_retenues IS OLD.lignes_retenues AND NEW.lignes_deja_prises IS OLD.lignes_deja_prises AND NEW.heures_acceptees IS OLD.heures_acceptees AND NEW.heures_rejetees IS OLD.heures_rejetees AND NEW.heures_retenues IS OLD.heures_retenues AND NEW.heures_deja_prises IS OLD.heures_deja_prises AND NEW.verdicts IS OLD.verdicts AND (NEW.retire >= OLD.retire)) BEGIN SELECT RAISE(ABORT, 'registre : depots ne se modifie pas'); END;
CREATE TRIGGER regles_suppression BEFORE DELETE ON regles BEGIN SELECT RAISE(ABORT, 'registre : regles ne se modifie pas'); END;
CREATE TRIGGER regles_modification BEFORE UPDATE ON regles WHEN NOT (NEW.depot IS OLD.depot AND NEW.code IS OLD.code AND NEW.constats IS OLD.constats AND NEW.heures IS OLD.heures AND (0)) BEGIN SELECT RAISE(ABORT, 'registre : regles ne se modifie pas'); END;
CREATE TRIGGER dsf_suppression BEFORE DELETE ON dsf BEGIN SELECT RAISE(ABORT, 'registre : dsf ne se modifie pas'); END;
CREATE TRIGGER dsf_modification BEFORE UPDATE ON dsf WHEN NOT (NEW.depot IS OLD.depot AND NEW.cle_dsf IS OLD.cle_dsf AND NEW.numero_dsf IS OLD.numero_dsf AND NEW.lignes_acceptees IS OLD.lignes_acceptees AND NEW.lignes_rejetees IS OLD.lignes_rejetees AND NEW.lignes_retenues IS OLD.lignes_retenues AND NEW.lignes_deja_prises IS OLD.lignes_deja_prises AND NEW.heures_acceptees IS OLD.heures_acceptees AND NEW.heures_rejetees IS OLD.heures_rejetees AND NEW.heures_retenues IS OLD.heures_retenues AND NEW.heures_deja_prises IS OLD.heures_deja_prises AND (0)) BEGIN SELECT RAISE(ABORT, 'registre : dsf ne se modifie pas'); END;
CREATE TRIGGER extraits_suppression BEFORE DELETE ON extraits BEGIN SELECT RAISE(ABORT, 'registre : extraits ne se modifie pas'); END;
CREATE TRIGGER extraits_modification BEFORE UPDATE ON extraits WHEN NOT (NEW.vague IS OLD.vague AND NEW.nom IS OLD.nom AND NEW.sha256 IS OLD.sha256 AND NEW.date_extraction IS OLD.date_extraction AND (0)) BEGIN SELECT RAISE(ABORT, 'registre : extraits ne se modifie pas'); END;
CREATE TRIGGER complements_suppression BEFORE DELETE ON complements BEGIN SELECT RAISE(ABORT, 'registre : complements ne se modifie pas'); END;
CREATE TRIGGER complements_modification BEFORE UPDATE ON complements WHEN NOT (NEW.seq IS OLD.seq AND NEW.numero IS OLD.numero AND NEW.cle_dsf IS OLD.cle_dsf AND NEW.rang IS OLD.rang AND NEW.depot IS OLD.depot AND NEW.siret IS OLD.siret AND NEW.emis_le IS OLD.emis_le AND NEW.payload IS OLD.payload AND NEW.sha256 IS OLD.sha256 AND NEW.prev_sha256 IS OLD.prev_sha256 AND NEW.maillon IS OLD.maillon AND (0)) BEGIN SELECT RAISE(ABORT, 'registre : complements ne se modifie pas'); END;
CREATE TRIGGER absences_suppression BEFORE DELETE ON absences BEGIN SELECT RAISE(ABORT, 'registre : absences ne se modifie pas'); END;
CREATE TRIGGER absences_modification BEFORE UPDATE ON absences WHEN NOT (NEW.cle_dsf IS OLD.cle_dsf AND NEW.cle_de IS OLD.cle_de AND NEW.cle_sequence IS OLD.cle_sequence AND NEW.cle_absence IS OLD.cle_absence AND NEW.date_debut IS OLD.date_debut AND NEW.date_fin IS OLD.date_fin AND NEW.heures IS OLD.heures AND NEW.complement IS OLD.complement AND NEW.feuille IS OLD.feuille AND NEW.ligne IS OLD.ligne AND (0)) BEGIN SELECT RAISE(ABORT, 'registre : absences ne se modifie pas'); END;
CREATE TRIGGER heures_suppression BEFORE DELETE ON heures BEGIN SELECT RAISE(ABORT, 'registre : heures ne se modifie pas'); END;
CREATE TRIGGER heures_modification BEFORE UPDATE ON heures WHEN NOT (NEW.cle_dsf IS OLD.cle_dsf AND NEW.cle_de IS OLD.cle_de AND NEW.cle_sequence IS OLD.cle_sequence AND NEW.date_debut IS OLD.date_debut AND NEW.date_fin IS OLD.date_fin AND NEW.heures IS OLD.heures AND NEW.cle_convention IS OLD.cle_convention AND NEW.cle_pif IS OLD.cle_pif AND NEW.complement IS OLD.complement AND NEW.feuille IS OLD.feuille AND NEW.ligne IS OLD.ligne AND (0)) BEGIN SELECT RAISE(ABORT, 'registre : heures ne se modifie pas'); END;
CREATE TRIGGER publications_suppression BEFORE DELETE ON publications BEGIN SELECT RAISE(ABORT, 'registre : publications ne se modifie pas'); END;
CREATE TRIGGER publications_modification BEFORE UPDATE ON publications WHEN NOT (NEW.id IS OLD.id AND NEW.run IS OLD.run AND NEW.genre IS OLD.genre AND NEW.cible IS OLD.cible AND NEW.nom IS OLD.nom AND NEW.sha256 IS OLD.sha256 AND (NEW.etat = OLD.etat OR OLD.etat = 'STAGED')) BEGIN SELECT RAISE(ABORT, 'registre : publications ne se modifie pas'); END;
COMMIT;
