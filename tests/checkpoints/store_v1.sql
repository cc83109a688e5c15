BEGIN TRANSACTION;
CREATE TABLE artifacts (
	ref TEXT NOT NULL, 
	data BLOB NOT NULL, 
	PRIMARY KEY (ref)
);
CREATE TABLE clearances (
	"key" TEXT NOT NULL, 
	record TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE effects (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" TEXT NOT NULL, 
	run TEXT NOT NULL, 
	tool TEXT NOT NULL, 
	state TEXT NOT NULL, 
	changes INTEGER NOT NULL, 
	record TEXT NOT NULL, 
	UNIQUE ("key")
);
INSERT INTO "effects" VALUES(1,'run-1/a/1','run-1','put','applied',1,'{"action":{"args":{"name":"a"},"tool":"put"},"at":"2026-11-22T12:00:00Z","error":"","key":"run-1/a/1","result":{"name":"a"},"run":"run-1","seq":1,"snapshot":{"text":null},"state":"applied","step":"a"}');
CREATE TABLE leases (
	run TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	started TEXT NOT NULL, 
	fence INTEGER NOT NULL, 
	since TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	PRIMARY KEY (run)
);
CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	run TEXT NOT NULL, 
	at TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	body TEXT NOT NULL, 
	dedupe TEXT NOT NULL, 
	prev TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (dedupe)
);
INSERT INTO "ledger" VALUES(1,'run-1','2026-11-22T12:00:00Z','run','run-1','{"created_at":"2026-11-22T12:00:00Z","domain":"shelf","fingerprint":"f","objective":"Tidy up","reason":"","run":"run-1","settings":{},"status":"running","updated_at":"2026-11-22T12:00:00Z","version":"0.1.0"}','81c11d944187c2021882bd822c0184ff29fb5042a26ef1fe741440cb72c847e3','0000000000000000000000000000000000000000000000000000000000000000','a7d777988501bcaac54c49afa737d163c41fc8ed25c81acf9ca685a4fc89d90e');
INSERT INTO "ledger" VALUES(2,'run-1','2026-11-22T12:00:00Z','goal','run-1','{"goal":{"objective":"Tidy up"}}','6802766571b355099106a4a28094143407be1d47ecb2776bdaf1d744d560649b','a7d777988501bcaac54c49afa737d163c41fc8ed25c81acf9ca685a4fc89d90e','a84b900c630751d705d999043fced79d28a2176413b827a52d490cf51caca2f8');
INSERT INTO "ledger" VALUES(3,'run-1','2026-11-22T12:00:00Z','effect','run-1/a/1','{"action":{"args":{"name":"a"},"tool":"put"},"action_hash":"26345b7f9e7c65c2824003b85dbcc51eb2e8a000b5ced06d6fd32826df713da1","change":0,"snapshot":{"text":null},"state":"intended","step":"a"}','a7416890270a0c4abb2e1fb66b61d92c46e3734743ac803dc78d4931869d7741','a84b900c630751d705d999043fced79d28a2176413b827a52d490cf51caca2f8','bc798b921295722b0eac0b525d780a11ce7f040b5751c73f5c154c5d093dce29');
INSERT INTO "ledger" VALUES(4,'run-1','2026-11-22T12:00:00Z','effect','run-1/a/1','{"change":1,"error":"","from":"intended","result":{"name":"a"},"state":"applied","step":"a"}','2d64f996aed6c10bd42b92a33ef6d1d81c1fa9b31636360cd5d191c08d23b403','bc798b921295722b0eac0b525d780a11ce7f040b5751c73f5c154c5d093dce29','a586eb0ac4e960b768c1bf9fccb611047fcc36adc6094e9d4f9bf9a8a60d2c50');
CREATE TABLE ledger_head (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "ledger_head" VALUES(1,4,'a586eb0ac4e960b768c1bf9fccb611047fcc36adc6094e9d4f9bf9a8a60d2c50');
CREATE TABLE reviews (
	id TEXT NOT NULL, 
	run TEXT NOT NULL, 
	state TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	record TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE runs (
	run TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	changes INTEGER NOT NULL, 
	record TEXT NOT NULL, 
	PRIMARY KEY (run)
);
INSERT INTO "runs" VALUES('run-1','2026-11-22T12:00:00.000000+00:00',0,'{"created_at":"2026-11-22T12:00:00Z","domain":"shelf","fingerprint":"f","objective":"Tidy up","reason":"","run":"run-1","settings":{},"status":"running","updated_at":"2026-11-22T12:00:00Z","version":"0.1.0"}');
CREATE TABLE store_version (
	version INTEGER NOT NULL
);
INSERT INTO "store_version" VALUES(1);
CREATE INDEX ledger_by_run ON ledger (run, seq);
CREATE INDEX effects_by_tool ON effects (tool, state);
CREATE INDEX effects_by_run ON effects (run, seq);
CREATE INDEX reviews_by_state ON reviews (state, run);
CREATE INDEX runs_by_age ON runs (created_at);
CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('effects',1);
COMMIT;
