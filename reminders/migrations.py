"""The tables of reminders, as SQL a reviewer can read. Append; never edit what has landed."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

reminders_migrations = Migrations("reminders")


@reminders_migrations()
def m001_outbox(db: Database) -> None:
    """Create the outbox: what must be told, to whom, and what became of it."""
    db.execute("""
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            person_id INTEGER,
            role TEXT,
            district TEXT,
            department TEXT,
            window TEXT,
            facts TEXT NOT NULL,
            dedupe_key TEXT NOT NULL UNIQUE,
            put_at TEXT NOT NULL,
            not_before_at TEXT,
            claimed_until_at TEXT,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_try_at TEXT,
            sent_at TEXT,
            sent_as TEXT,
            failed_at TEXT,
            failure TEXT,
            CHECK (person_id IS NOT NULL OR role IS NOT NULL)
        ) STRICT""")
    db.execute("""
        CREATE INDEX outbox_waiting ON outbox (next_try_at)
            WHERE sent_at IS NULL AND failed_at IS NULL""")


@reminders_migrations()
def m002_cases(db: Database) -> None:
    """Create cases (办件), where each came from, and everything that happened to them."""
    db.execute("""
        CREATE TABLE case_imports (
            id INTEGER PRIMARY KEY,
            file_hash TEXT NOT NULL,
            file_name TEXT NOT NULL,
            at TEXT NOT NULL,
            by_person_id INTEGER,
            covers TEXT NOT NULL CHECK (json_valid(covers)),
            data_as_of TEXT NOT NULL,
            UNIQUE (file_hash, covers)
        ) STRICT""")
    db.execute("""
        CREATE TABLE cases (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE CHECK (number <> ''),
            item TEXT NOT NULL,
            entry_id TEXT,
            kind TEXT NOT NULL CHECK (kind IN ('immediate', 'promised')),
            unit TEXT,
            district TEXT,
            department TEXT,
            window TEXT,
            applicant TEXT,
            accepted_on TEXT NOT NULL,
            starts_on TEXT NOT NULL,
            limit_days INTEGER NOT NULL CHECK (limit_days >= 0),
            statutory_days INTEGER CHECK (statutory_days > 0),
            handler_number TEXT,
            handler_name TEXT,
            handler_id INTEGER,
            offered_to_id INTEGER,
            papers_asked_on TEXT,
            papers_source TEXT CHECK (papers_source IN ('person', 'platform')),
            completed_on TEXT,
            missing TEXT CHECK (missing IN ('unverified', 'perhaps_done')),
            missing_at TEXT,
            cause TEXT,
            import_id INTEGER REFERENCES case_imports(id),
            sheet TEXT,
            row INTEGER,
            CHECK ((missing IS NULL) = (missing_at IS NULL)),
            CHECK (papers_asked_on IS NULL OR papers_source IS NOT NULL)
        ) STRICT""")
    db.execute("CREATE INDEX cases_open ON cases (district) WHERE completed_on IS NULL")
    db.execute("CREATE INDEX cases_by_completion ON cases (completed_on)")
    db.execute("""
        CREATE TABLE case_events (
            id INTEGER PRIMARY KEY,
            case_id INTEGER NOT NULL REFERENCES cases(id),
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            by_person_id INTEGER,
            facts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts))
        ) STRICT""")
    db.execute("CREATE INDEX case_events_by_case ON case_events (case_id, id)")
    db.execute("""
        CREATE TABLE suspensions (
            id INTEGER PRIMARY KEY,
            case_id INTEGER NOT NULL REFERENCES cases(id),
            begins_on TEXT NOT NULL,
            ends_on TEXT,
            reason TEXT NOT NULL,
            document TEXT,
            by_person_id INTEGER,
            at TEXT NOT NULL,
            CHECK (ends_on IS NULL OR ends_on >= begins_on),
            CHECK (reason = 'platform' OR document <> '')
        ) STRICT""")
    db.execute("""
        CREATE UNIQUE INDEX suspensions_open ON suspensions (case_id) WHERE ends_on IS NULL""")
    db.execute("CREATE INDEX suspensions_by_case ON suspensions (case_id)")
    db.execute("""
        CREATE TABLE extensions (
            id INTEGER PRIMARY KEY,
            case_id INTEGER NOT NULL REFERENCES cases(id),
            days INTEGER NOT NULL CHECK (days > 0),
            approver TEXT NOT NULL CHECK (approver <> ''),
            reason TEXT NOT NULL CHECK (reason <> ''),
            proof TEXT NOT NULL CHECK (proof <> ''),
            by_person_id INTEGER,
            at TEXT NOT NULL,
            UNIQUE (case_id)
        ) STRICT""")
    db.execute("""
        CREATE TABLE acknowledgements (
            id INTEGER PRIMARY KEY,
            case_id INTEGER NOT NULL REFERENCES cases(id),
            person_id INTEGER NOT NULL,
            at TEXT NOT NULL,
            on_day TEXT NOT NULL,
            done_by_on TEXT
        ) STRICT""")
    db.execute("""
        CREATE UNIQUE INDEX acknowledgements_once
            ON acknowledgements (case_id, person_id, on_day, coalesce(done_by_on, ''))""")


@reminders_migrations()
def m003_oversight(db: Database) -> None:
    """Create what was told about cases, acts of the office, and the runs of the jobs."""
    db.execute("""
        CREATE TABLE case_notices (
            id INTEGER PRIMARY KEY,
            case_id INTEGER NOT NULL REFERENCES cases(id),
            kind TEXT NOT NULL CHECK (kind IN ('remind', 'due_today', 'chase', 'intervene',
                'bulletin', 'repeat', 'waiting', 'cause')),
            occasion TEXT NOT NULL,
            recipient TEXT NOT NULL,
            due_on TEXT NOT NULL,
            decided_at TEXT NOT NULL,
            message_key TEXT NOT NULL,
            UNIQUE (case_id, kind, occasion, recipient)
        ) STRICT""")
    db.execute("CREATE INDEX case_notices_by_message ON case_notices (message_key)")
    db.execute("""
        CREATE TABLE case_acts (
            id INTEGER PRIMARY KEY,
            case_id INTEGER NOT NULL REFERENCES cases(id),
            kind TEXT NOT NULL CHECK (kind IN ('intervene', 'bulletin')),
            red_card INTEGER NOT NULL CHECK (red_card IN (0, 1)),
            due_on TEXT NOT NULL,
            drafted_at TEXT NOT NULL,
            decision TEXT CHECK (decision IN ('released', 'declined', 'lapsed')),
            decided_at TEXT,
            decided_by INTEGER,
            reason TEXT,
            UNIQUE (case_id, kind, due_on),
            CHECK ((decision IS NULL) = (decided_at IS NULL)),
            CHECK (decision IS NOT 'declined' OR reason <> ''),
            CHECK (decision IS NULL OR decision = 'lapsed' OR decided_by IS NOT NULL)
        ) STRICT""")
    db.execute("CREATE INDEX case_acts_waiting ON case_acts (case_id) WHERE decision IS NULL")
    db.execute("""
        CREATE TABLE job_runs (
            id INTEGER PRIMARY KEY,
            job TEXT NOT NULL,
            slot_at TEXT NOT NULL,
            began_at TEXT NOT NULL,
            ended_at TEXT,
            late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
            told INTEGER
        ) STRICT""")
    db.execute("CREATE INDEX job_runs_by_job ON job_runs (job, slot_at)")


@reminders_migrations()
def m020_certificates(db: Database) -> None:
    """Create certificates (证照), their imports, and contacts kept apart with their consent.

    A number is unique within its kind; `kind_key` is the kind's id, or ?name where the rule book
    does not know it. The sweep walks certificates_by_expiry, a kind and a range of days at a time.
    """
    db.execute("""
        CREATE TABLE certificate_imports (
            id INTEGER PRIMARY KEY,
            file_hash TEXT NOT NULL UNIQUE,
            file_name TEXT NOT NULL,
            begun_at TEXT NOT NULL,
            ended_at TEXT,
            by_person_id INTEGER
        ) STRICT""")
    db.execute("""
        CREATE TABLE certificates (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL CHECK (number <> ''),
            kind_key TEXT NOT NULL CHECK (kind_key <> ''),
            kind TEXT NOT NULL,
            holder TEXT NOT NULL CHECK (holder <> ''),
            issuer TEXT,
            department TEXT,
            district TEXT,
            valid_from_on TEXT,
            expires_on TEXT,
            state TEXT NOT NULL CHECK (state IN ('valid', 'cancelled', 'revoked', 'withdrawn',
                'replaced')),
            replaces TEXT,
            renewed_by_id INTEGER REFERENCES certificates(id),
            renewed_on TEXT,
            first_seen_on TEXT NOT NULL,
            import_id INTEGER REFERENCES certificate_imports(id),
            UNIQUE (number, kind_key),
            CHECK (valid_from_on IS NULL OR expires_on IS NULL OR expires_on >= valid_from_on),
            CHECK ((renewed_by_id IS NULL) = (renewed_on IS NULL))
        ) STRICT""")
    db.execute("""
        CREATE INDEX certificates_by_expiry ON certificates
            (kind_key, expires_on, department, district, state, renewed_on)
            WHERE expires_on IS NOT NULL""")
    db.execute("CREATE INDEX certificates_by_holder ON certificates (holder, kind_key)")
    db.execute("""
        CREATE INDEX certificates_by_replaced ON certificates (replaces, kind_key)
            WHERE replaces IS NOT NULL""")
    db.execute("""
        CREATE TABLE certificate_contacts (
            certificate_id INTEGER PRIMARY KEY REFERENCES certificates(id),
            phone TEXT NOT NULL CHECK (phone <> ''),
            consent_on TEXT NOT NULL
        ) STRICT""")


@reminders_migrations()
def m021_certificate_alerts(db: Database) -> None:
    """Create who agreed to be told, what was told, and what holders and departments answered.

    `days_before` says how long before expiry a notice belongs: nothing less urgent follows it. A
    certificate whose dates were renewed in place has a new `expires_on` and starts afresh.
    """
    db.execute("""
        CREATE TABLE certificate_holders (
            certificate_id INTEGER NOT NULL REFERENCES certificates(id),
            person_id INTEGER NOT NULL,
            consent_at TEXT NOT NULL,
            consent_by TEXT NOT NULL CHECK (consent_by IN ('code', 'link')),
            stopped_at TEXT,
            benefit_consent_at TEXT,
            benefit_consent_by TEXT CHECK (benefit_consent_by IN ('self', 'guardian')),
            PRIMARY KEY (certificate_id, person_id),
            CHECK ((benefit_consent_at IS NULL) = (benefit_consent_by IS NULL))
        ) STRICT""")
    db.execute("CREATE INDEX certificate_holders_by_person ON certificate_holders (person_id)")
    db.execute("""
        CREATE TABLE certificate_codes (
            code_hash TEXT PRIMARY KEY,
            certificate_id INTEGER NOT NULL REFERENCES certificates(id),
            made_by INTEGER,
            made_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            tries INTEGER NOT NULL DEFAULT 0,
            used_by INTEGER,
            used_at TEXT
        ) STRICT""")
    db.execute("""
        CREATE TABLE certificate_notices (
            certificate_id INTEGER NOT NULL REFERENCES certificates(id),
            recipient TEXT NOT NULL,
            expires_on TEXT NOT NULL,
            event TEXT NOT NULL,
            days_before INTEGER NOT NULL,
            decided_on TEXT NOT NULL,
            message_key TEXT,
            PRIMARY KEY (certificate_id, recipient, expires_on, event)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE INDEX certificate_notices_by_message ON certificate_notices (message_key)
            WHERE message_key IS NOT NULL""")
    db.execute("""
        CREATE TABLE certificate_answers (
            certificate_id INTEGER PRIMARY KEY REFERENCES certificates(id),
            answer TEXT NOT NULL CHECK (answer IN ('filed', 'declined', 'wrong')),
            expires_on TEXT NOT NULL,
            person_id INTEGER NOT NULL,
            at TEXT NOT NULL
        ) STRICT""")
    db.execute("""
        CREATE TABLE certificate_acknowledgements (
            id INTEGER PRIMARY KEY,
            certificate_id INTEGER NOT NULL REFERENCES certificates(id),
            expires_on TEXT NOT NULL,
            person_id INTEGER NOT NULL,
            at TEXT NOT NULL,
            on_day TEXT NOT NULL,
            outcome TEXT NOT NULL CHECK (outcome IN ('noted', 'called', 'visited')),
            UNIQUE (certificate_id, person_id, on_day, outcome)
        ) STRICT""")


@reminders_migrations()
def m030_rectifications(db: Database) -> None:
    """Create rectifications (差评整改), everything done to them, and what was told of them."""
    db.execute("""
        CREATE TABLE rectifications (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE CHECK (number <> ''),
            rating_id INTEGER NOT NULL UNIQUE,
            opened_at TEXT NOT NULL,
            entry_id TEXT NOT NULL,
            district TEXT,
            department TEXT,
            window TEXT,
            anonymous INTEGER NOT NULL DEFAULT 0 CHECK (anonymous IN (0, 1)),
            cause TEXT CHECK (cause IN ('answer', 'process', 'service')),
            cause_at TEXT,
            to_role TEXT NOT NULL,
            to_district TEXT,
            to_department TEXT,
            to_window TEXT,
            state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'verifying', 'rectifying',
                'explaining', 'follow_up', 'appealed', 'escalated', 'closed', 'voided',
                'mis_tap')),
            round INTEGER NOT NULL DEFAULT 1 CHECK (round > 0),
            complex_reason TEXT,
            contacted_at TEXT,
            found_at TEXT,
            upheld INTEGER CHECK (upheld IN (0, 1)),
            first_rectified_at TEXT,
            rectified_at TEXT,
            reopened_at TEXT,
            first_followed_up_at TEXT,
            appealed_at TEXT,
            escalated_at TEXT,
            closed_at TEXT,
            CHECK ((cause IS NULL) = (cause_at IS NULL)),
            CHECK ((state IN ('closed', 'voided', 'mis_tap')) = (closed_at IS NOT NULL))
        ) STRICT""")
    db.execute("""
        CREATE INDEX rectifications_open ON rectifications (opened_at)
            WHERE state NOT IN ('closed', 'voided', 'mis_tap')""")
    db.execute("CREATE INDEX rectifications_by_opening ON rectifications (opened_at)")
    db.execute("""
        CREATE TABLE rectification_events (
            id INTEGER PRIMARY KEY,
            rectification_id INTEGER NOT NULL REFERENCES rectifications(id),
            at TEXT NOT NULL,
            act TEXT NOT NULL,
            from_state TEXT NOT NULL,
            to_state TEXT NOT NULL,
            by_person_id INTEGER,
            as_party TEXT NOT NULL,
            words TEXT
        ) STRICT""")
    db.execute("""
        CREATE INDEX rectification_events_by_rectification
            ON rectification_events (rectification_id, id)""")
    db.execute("""
        CREATE TABLE rectification_notices (
            id INTEGER PRIMARY KEY,
            rectification_id INTEGER NOT NULL REFERENCES rectifications(id),
            step TEXT NOT NULL,
            kind TEXT NOT NULL,
            occasion TEXT NOT NULL,
            recipient TEXT NOT NULL,
            due_on TEXT NOT NULL,
            decided_at TEXT NOT NULL,
            message_key TEXT NOT NULL,
            UNIQUE (rectification_id, step, kind, occasion, recipient)
        ) STRICT""")
    db.execute("""
        CREATE INDEX rectification_notices_by_message ON rectification_notices (message_key)""")


@reminders_migrations()
def m004_notices_by_decision(db: Database) -> None:
    """Find the day's notices without reading the repeats of all days before."""
    db.execute("CREATE INDEX case_notices_by_decision ON case_notices (decided_at)")
    db.execute("CREATE INDEX outbox_lapsed ON outbox (dedupe_key) WHERE failure = 'lapsed'")


@reminders_migrations()
def m005_outbox_in_flight(db: Database) -> None:
    """Tell a row that was on its way when a process died from one that only waited its turn."""
    db.execute("ALTER TABLE outbox ADD COLUMN sending_at TEXT")


@reminders_migrations()
def m006_outbox_unsent(db: Database) -> None:
    """Find what waits without reading past everything that was sent."""
    db.execute("""
        CREATE INDEX outbox_unsent ON outbox (id)
            WHERE sent_at IS NULL AND failed_at IS NULL""")
    db.execute("""
        CREATE INDEX outbox_unsent_by_person ON outbox (person_id, kind)
            WHERE sent_at IS NULL AND failed_at IS NULL""")


@reminders_migrations()
def m007_clock_from_imports(db: Database) -> None:
    """Trace the suspensions and extensions that an export states to the file it was."""
    db.execute("ALTER TABLE suspensions ADD COLUMN import_id INTEGER REFERENCES case_imports(id)")
    db.execute("ALTER TABLE extensions ADD COLUMN import_id INTEGER REFERENCES case_imports(id)")
    db.execute("ALTER TABLE extensions ADD COLUMN approved_on TEXT")


@reminders_migrations()
def m008_steps(db: Database) -> None:
    """Keep which step (环节) a case is in and until when that step has time."""
    db.execute("ALTER TABLE cases ADD COLUMN step TEXT")
    db.execute("ALTER TABLE cases ADD COLUMN step_due_on TEXT")


@reminders_migrations()
def m009_acts_of_rectifications(db: Database) -> None:
    """Let an act of the office be about a case or about a step of a rectification."""
    db.execute("""
        CREATE TABLE acts (
            id INTEGER PRIMARY KEY,
            case_id INTEGER REFERENCES cases(id),
            rectification_id INTEGER REFERENCES rectifications(id),
            step TEXT,
            kind TEXT NOT NULL CHECK (kind IN ('intervene', 'bulletin')),
            red_card INTEGER NOT NULL CHECK (red_card IN (0, 1)),
            due_on TEXT NOT NULL,
            drafted_at TEXT NOT NULL,
            decision TEXT CHECK (decision IN ('released', 'declined', 'lapsed')),
            decided_at TEXT,
            decided_by INTEGER,
            reason TEXT,
            CHECK ((case_id IS NULL) <> (rectification_id IS NULL)),
            CHECK ((rectification_id IS NULL) = (step IS NULL)),
            CHECK (rectification_id IS NULL OR red_card = 0),
            CHECK ((decision IS NULL) = (decided_at IS NULL)),
            CHECK (decision IS NOT 'declined' OR reason <> ''),
            CHECK (decision IS NULL OR decision = 'lapsed' OR decided_by IS NOT NULL)
        ) STRICT""")
    db.execute("""
        INSERT INTO acts (id, case_id, kind, red_card, due_on, drafted_at, decision, decided_at,
            decided_by, reason)
        SELECT id, case_id, kind, red_card, due_on, drafted_at, decision, decided_at, decided_by,
            reason FROM case_acts""")
    db.execute("DROP TABLE case_acts")
    db.execute("""
        CREATE UNIQUE INDEX acts_of_cases ON acts (case_id, kind, due_on)
            WHERE case_id IS NOT NULL""")
    db.execute("""
        CREATE UNIQUE INDEX acts_of_rectifications
            ON acts (rectification_id, step, kind, due_on) WHERE rectification_id IS NOT NULL""")
    db.execute("CREATE INDEX acts_waiting ON acts (id) WHERE decision IS NULL")


@reminders_migrations()
def m022_certificates_by_tail(db: Database) -> None:
    """Find a certificate by its number's last four, for somebody who stands at a window."""
    db.execute("CREATE INDEX certificates_by_tail ON certificates (upper(substr(number, -4)))")


@reminders_migrations()
def m031_reviewed(db: Database) -> None:
    """Note when an appeal was decided, and count no attempt that reached nobody as a follow-up."""
    db.execute("ALTER TABLE rectifications ADD COLUMN reviewed_at TEXT")
    db.execute("""
        UPDATE rectifications SET reviewed_at =
            (SELECT max(at) FROM rectification_events e WHERE e.rectification_id = rectifications.id
                AND e.act IN ('maintain', 'void'))""")
    db.execute("""
        UPDATE rectifications SET first_followed_up_at =
            (SELECT min(at) FROM rectification_events e WHERE e.rectification_id = rectifications.id
                AND (e.act IN ('satisfied', 'dissatisfied')
                    OR (e.act = 'unreachable' AND e.to_state = 'closed')))
        WHERE first_followed_up_at IS NOT NULL""")


@reminders_migrations()
def m032_page_key(db: Database) -> None:
    """Give each a key to its page, for those who may not be told in their own thread."""
    db.execute("ALTER TABLE rectifications ADD COLUMN page_key TEXT")
    db.execute("UPDATE rectifications SET page_key = lower(hex(randomblob(16)))")
    db.execute("CREATE UNIQUE INDEX rectifications_by_page_key ON rectifications (page_key)")


@reminders_migrations()
def m012_words_by_import(db: Database) -> None:
    """Tell a word given again after an import from the same one given twice."""
    db.execute("DROP INDEX acknowledgements_once")
    db.execute("ALTER TABLE acknowledgements ADD COLUMN import_id INTEGER")
    db.execute("CREATE INDEX acknowledgements_by_person ON acknowledgements (case_id, person_id)")


@reminders_migrations()
def m010_papers_stood(db: Database) -> None:
    """Keep the day on which papers were asked for after they have arrived."""
    db.execute("ALTER TABLE cases ADD COLUMN papers_stood_on TEXT")


@reminders_migrations()
def m011_notices_of_perhaps_done(db: Database) -> None:
    """Let a notice say that a case may be done; SQLite changes a CHECK by a new table only."""
    db.execute("""
        CREATE TABLE case_notices_new (
            id INTEGER PRIMARY KEY,
            case_id INTEGER NOT NULL REFERENCES cases(id),
            kind TEXT NOT NULL CHECK (kind IN ('remind', 'due_today', 'chase', 'intervene',
                'bulletin', 'repeat', 'waiting', 'cause', 'perhaps_done')),
            occasion TEXT NOT NULL,
            recipient TEXT NOT NULL,
            due_on TEXT NOT NULL,
            decided_at TEXT NOT NULL,
            message_key TEXT NOT NULL,
            UNIQUE (case_id, kind, occasion, recipient)
        ) STRICT""")
    db.execute("""
        INSERT INTO case_notices_new
            (id, case_id, kind, occasion, recipient, due_on, decided_at, message_key)
        SELECT id, case_id, kind, occasion, recipient, due_on, decided_at, message_key
        FROM case_notices""")
    db.execute("DROP TABLE case_notices")
    db.execute("ALTER TABLE case_notices_new RENAME TO case_notices")
    db.execute("CREATE INDEX case_notices_by_message ON case_notices (message_key)")
    db.execute("CREATE INDEX case_notices_by_decision ON case_notices (decided_at)")


@reminders_migrations()
def m022_certificate_terms(db: Database) -> None:
    """Keep the terms of certificates that were renewed under the same number.

    The certificate itself has only its present term; 按期换发率 counts those that ended too.
    """
    db.execute("""
        CREATE TABLE certificate_terms (
            certificate_id INTEGER NOT NULL REFERENCES certificates(id),
            expires_on TEXT NOT NULL,
            renewed_on TEXT NOT NULL,
            PRIMARY KEY (certificate_id, expires_on)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX certificate_terms_by_end ON certificate_terms (expires_on)")
