"""The tables of bot.records, as SQL a reviewer can read. Append; never edit what has landed."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

records_migrations = Migrations("records")


@records_migrations()
def m001_people(db: Database) -> None:
    """Create people, their addresses and the codes that bind them to roles."""
    db.execute("""
        CREATE TABLE people (
            id INTEGER PRIMARY KEY,
            role TEXT NOT NULL DEFAULT 'citizen' CHECK (role IN ('citizen', 'clerk', 'lead',
                'department', 'supervisor', 'editor', 'administrator')),
            district TEXT,
            department TEXT,
            window TEXT,
            name TEXT,
            created_at TEXT NOT NULL,
            erased_at TEXT
        ) STRICT""")
    db.execute("""
        CREATE TABLE addresses (
            channel TEXT NOT NULL CHECK (channel IN ('telegram', 'web', 'terminal')),
            address TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES people(id),
            first_seen_at TEXT NOT NULL,
            unusable_at TEXT,
            PRIMARY KEY (channel, address)
        ) STRICT""")
    db.execute("CREATE INDEX addresses_by_person ON addresses (person_id)")
    db.execute("""
        CREATE TABLE binding_codes (
            id INTEGER PRIMARY KEY,
            code_hash TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL CHECK (role <> 'citizen'),
            district TEXT,
            department TEXT,
            window TEXT,
            name TEXT,
            made_by INTEGER REFERENCES people(id),
            made_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            used_by INTEGER REFERENCES people(id),
            used_at TEXT
        ) STRICT""")


@records_migrations()
def m002_conversations(db: Database) -> None:
    """Create what is remembered of a conversation, and what was said in it."""
    db.execute("""
        CREATE TABLE conversations (
            person_id INTEGER PRIMARY KEY REFERENCES people(id),
            awaiting TEXT,
            awaiting_subject TEXT,
            awaiting_until TEXT,
            entry_id TEXT,
            answers TEXT NOT NULL DEFAULT '{}',
            district TEXT,
            hall TEXT,
            window TEXT,
            misses INTEGER NOT NULL DEFAULT 0,
            told_privacy_at TEXT
        ) STRICT""")
    db.execute("""
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY,
            person_id INTEGER NOT NULL REFERENCES people(id),
            at TEXT NOT NULL,
            direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
            channel TEXT NOT NULL,
            text TEXT,
            reply TEXT
        ) STRICT""")
    db.execute("CREATE INDEX messages_by_person ON messages (person_id, id)")
    db.execute("CREATE INDEX messages_by_at ON messages (at)")
    db.execute("""
        CREATE TABLE receipts (
            key TEXT PRIMARY KEY,
            person_id INTEGER NOT NULL REFERENCES people(id),
            at TEXT NOT NULL,
            reply TEXT,
            settled_at TEXT
        ) STRICT""")
    db.execute("CREATE INDEX receipts_by_at ON receipts (at)")


@records_migrations()
def m003_interactions(db: Database) -> None:
    """Create interactions (one person, one topic) and their ratings."""
    db.execute("""
        CREATE TABLE interactions (
            id INTEGER PRIMARY KEY,
            person_id INTEGER NOT NULL REFERENCES people(id),
            entry_id TEXT NOT NULL,
            answers TEXT NOT NULL DEFAULT '{}',
            knowledge_version TEXT NOT NULL,
            channel TEXT NOT NULL,
            district TEXT,
            hall TEXT,
            window TEXT,
            slip_id INTEGER,
            counted INTEGER NOT NULL DEFAULT 1 CHECK (counted IN (0, 1)),
            began_at TEXT NOT NULL,
            began_on TEXT NOT NULL,
            last_at TEXT NOT NULL,
            answered_at TEXT,
            invited_at TEXT
        ) STRICT""")
    db.execute("CREATE INDEX interactions_by_person ON interactions (person_id, last_at)")
    db.execute("CREATE INDEX interactions_by_day ON interactions (began_on)")
    db.execute("""
        CREATE TABLE ratings (
            id INTEGER PRIMARY KEY,
            interaction_id INTEGER NOT NULL UNIQUE REFERENCES interactions(id),
            level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
            rated_at TEXT NOT NULL,
            rated_on TEXT NOT NULL,
            changed_at TEXT,
            reason TEXT,
            tags TEXT NOT NULL DEFAULT '[]',
            words TEXT,
            told_at TEXT,
            addendum TEXT,
            addendum_at TEXT,
            voided_at TEXT
        ) STRICT""")
    db.execute("CREATE INDEX ratings_by_day ON ratings (rated_on)")


@records_migrations()
def m004_slips(db: Database) -> None:
    """Create slips (告知单) and the versions of the entries they were made from."""
    db.execute("""
        CREATE TABLE knowledge_versions (
            hash TEXT PRIMARY KEY,
            entry_id TEXT NOT NULL,
            content TEXT NOT NULL,
            first_used_at TEXT NOT NULL
        ) STRICT""")
    db.execute("""
        CREATE TABLE slips (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE,
            made_by INTEGER NOT NULL REFERENCES people(id),
            made_at TEXT NOT NULL,
            entry_id TEXT NOT NULL,
            answers TEXT NOT NULL,
            district TEXT,
            hall TEXT,
            window TEXT,
            by_staff INTEGER NOT NULL CHECK (by_staff IN (0, 1)),
            entry_hash TEXT NOT NULL REFERENCES knowledge_versions(hash),
            knowledge_version TEXT NOT NULL
        ) STRICT""")


@records_migrations()
def m005_enquiries(db: Database) -> None:
    """Create messages to people (留言), corrections to entries, and knowledge gaps."""
    db.execute("""
        CREATE TABLE enquiries (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE,
            person_id INTEGER NOT NULL REFERENCES people(id),
            kind TEXT NOT NULL CHECK (kind IN ('message', 'correction')),
            entry_id TEXT,
            text TEXT NOT NULL,
            district TEXT,
            hall TEXT,
            window TEXT,
            made_at TEXT NOT NULL,
            due_on TEXT NOT NULL,
            answer TEXT,
            answered_by INTEGER REFERENCES people(id),
            answered_at TEXT
        ) STRICT""")
    db.execute("""
        CREATE TABLE gaps (
            id INTEGER PRIMARY KEY,
            question TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES people(id),
            at TEXT NOT NULL,
            nearest TEXT NOT NULL DEFAULT '[]'
        ) STRICT""")
    db.execute("CREATE INDEX gaps_by_at ON gaps (at)")


@records_migrations()
def m010_staff(db: Database) -> None:
    """Create the roster (花名册): who works where, in whose place, and who of them is bound."""
    db.execute("""
        CREATE TABLE staff (
            number TEXT PRIMARY KEY CHECK (number <> ''),
            name TEXT NOT NULL CHECK (name <> ''),
            unit TEXT,
            district TEXT,
            department TEXT,
            window TEXT,
            role TEXT NOT NULL CHECK (role IN ('clerk', 'lead', 'department', 'supervisor',
                'editor', 'administrator')),
            team TEXT,
            deputy_number TEXT,
            leave_from_on TEXT,
            leave_to_on TEXT,
            person_id INTEGER UNIQUE REFERENCES people(id),
            CHECK ((leave_from_on IS NULL) = (leave_to_on IS NULL)),
            CHECK (leave_to_on IS NULL OR leave_to_on >= leave_from_on)
        ) STRICT""")
    db.execute("CREATE INDEX staff_by_name ON staff (name)")


@records_migrations()
def m030_answer_shown(db: Database) -> None:
    """Remember which version of an entry an interaction showed last."""
    db.execute("ALTER TABLE interactions ADD COLUMN entry_hash TEXT")


@records_migrations()
def m031_audit(db: Database) -> None:
    """Create the log of who saw, changed and exported what; nothing in it can be changed."""
    db.execute("""
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            person_id INTEGER NOT NULL,
            role TEXT NOT NULL,
            act TEXT NOT NULL,
            subject TEXT NOT NULL,
            reason TEXT
        ) STRICT""")
    db.execute("CREATE INDEX audit_by_at ON audit (at)")
    db.execute("""
        CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
        BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END""")
    # Access logs are kept for three years (domain rules 10); only older ones may go.
    db.execute("""
        CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
        WHEN old.at > strftime('%Y-%m-%d', 'now', '-3 years')
        BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END""")


@records_migrations()
def m032_loop(db: Database) -> None:
    """Create what stands round a rating: contacts, flags, invitations declined, editors' tasks."""
    db.execute("""
        CREATE TABLE rater_contacts (
            rating_id INTEGER PRIMARY KEY REFERENCES ratings(id),
            phone TEXT NOT NULL,
            consented_at TEXT NOT NULL
        ) STRICT""")
    db.execute("""
        CREATE TABLE integrity_flags (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('own_window', 'many_a_day', 'burst', 'too_fast',
                'same_words')),
            subject TEXT NOT NULL,
            on_day TEXT NOT NULL,
            at TEXT NOT NULL,
            district TEXT,
            window TEXT,
            entry_id TEXT,
            number INTEGER NOT NULL,
            UNIQUE (kind, subject, on_day)
        ) STRICT""")
    db.execute("CREATE INDEX integrity_flags_by_day ON integrity_flags (on_day)")
    db.execute("""
        CREATE TABLE invitation_refusals (
            person_id INTEGER PRIMARY KEY REFERENCES people(id),
            at TEXT NOT NULL
        ) STRICT""")
    db.execute("""
        CREATE TABLE knowledge_tasks (
            id INTEGER PRIMARY KEY,
            rating_id INTEGER NOT NULL UNIQUE REFERENCES ratings(id),
            entry_id TEXT NOT NULL,
            entry_hash TEXT REFERENCES knowledge_versions(hash),
            opened_at TEXT NOT NULL,
            done_at TEXT,
            done_by INTEGER REFERENCES people(id),
            CHECK ((done_at IS NULL) = (done_by IS NULL))
        ) STRICT""")
    db.execute("CREATE INDEX knowledge_tasks_open ON knowledge_tasks (id) WHERE done_at IS NULL")


@records_migrations()
def m033_official_ratings(db: Database) -> None:
    """Create the province's ratings as exported: beside ours, never among them."""
    db.execute("""
        CREATE TABLE official_ratings (
            number TEXT PRIMARY KEY CHECK (number <> ''),
            rated_on TEXT NOT NULL,
            level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
            is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
            district TEXT,
            unit TEXT,
            item TEXT,
            sync TEXT NOT NULL CHECK (sync IN ('imported', 'matched', 'differs')),
            rating_id INTEGER UNIQUE REFERENCES ratings(id),
            first_seen_at TEXT NOT NULL,
            last_seen_at TEXT NOT NULL,
            CHECK (is_default = 0 OR level BETWEEN 3 AND 4)
        ) STRICT""")
    db.execute("""
        CREATE INDEX official_ratings_by_day
            ON official_ratings (rated_on, district, level, is_default)""")


@records_migrations()
def m034_people_by_role(db: Database) -> None:
    """Find the few who work here among a million who ask."""
    db.execute("CREATE INDEX people_by_role ON people (role)")


@records_migrations()
def m020_knowledge_edits(db: Database) -> None:
    """Create editors' changes on their way into the files, and what has been told of reviews."""
    db.execute("""
        CREATE TABLE knowledge_edits (
            id INTEGER PRIMARY KEY,
            origin TEXT NOT NULL CHECK (origin IN ('sheet', 'confirmation', 'gap', 'chat')),
            entry_id TEXT,
            edits TEXT NOT NULL,
            told TEXT NOT NULL,
            preview TEXT NOT NULL,
            made_by INTEGER REFERENCES people(id),
            made_at TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'written', 'declined',
                'failed')),
            decided_by INTEGER REFERENCES people(id),
            decided_at TEXT,
            finished_at TEXT,
            failure TEXT,
            CHECK (made_by IS NULL OR decided_by IS NULL OR made_by <> decided_by)
        ) STRICT""")
    db.execute("""
        CREATE INDEX knowledge_edits_open ON knowledge_edits (state)
            WHERE state IN ('waiting', 'approved')""")
    db.execute("""
        CREATE TABLE review_notices (
            entry_id TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('review', 'expired')),
            on_day TEXT NOT NULL,
            told_at TEXT NOT NULL,
            PRIMARY KEY (entry_id, kind, on_day)
        ) STRICT""")


@records_migrations()
def m021_gaps_settled(db: Database) -> None:
    """Let gaps be settled, people wait for their answer, and editors note what to write."""
    db.execute("""
        ALTER TABLE gaps ADD COLUMN settled_as TEXT
            CHECK (settled_as IN ('alias', 'entry', 'dropped', 'answered'))""")
    db.execute("ALTER TABLE gaps ADD COLUMN settled_at TEXT")
    db.execute("""
        CREATE TABLE gap_wishes (
            gap_id INTEGER NOT NULL REFERENCES gaps(id) ON DELETE CASCADE,
            person_id INTEGER NOT NULL REFERENCES people(id),
            wished_at TEXT NOT NULL,
            told_at TEXT,
            PRIMARY KEY (gap_id, person_id)
        ) STRICT""")
    db.execute("CREATE INDEX gap_wishes_open ON gap_wishes (gap_id) WHERE told_at IS NULL")
    db.execute("""
        CREATE TABLE entry_tasks (
            id INTEGER PRIMARY KEY,
            gap_id INTEGER NOT NULL UNIQUE,
            question TEXT NOT NULL,
            times INTEGER NOT NULL,
            opened_by INTEGER NOT NULL REFERENCES people(id),
            opened_at TEXT NOT NULL,
            done_at TEXT
        ) STRICT""")


@records_migrations()
def m035_counting(db: Database) -> None:
    """Count a month of a million ratings from the indexes alone."""
    db.execute("""
        CREATE INDEX interactions_counting ON interactions
            (began_on, counted, answered_at, window, district, entry_id)""")
    db.execute("""
        CREATE INDEX ratings_counting ON ratings (rated_on, level, voided_at, interaction_id)""")
    db.execute("DROP INDEX interactions_by_day")
    db.execute("DROP INDEX ratings_by_day")


@records_migrations()
def m036_qualification(db: Database) -> None:
    """Keep on the roster who holds the qualification 政务服务办事员; NULL is not known."""
    db.execute("ALTER TABLE staff ADD COLUMN qualified INTEGER CHECK (qualified IN (0, 1))")
    db.execute("ALTER TABLE staff ADD COLUMN qualification_grade TEXT")
    db.execute("ALTER TABLE staff ADD COLUMN qualification_number TEXT")


@records_migrations()
def m040_code_of_member(db: Database) -> None:
    """Let a binding code name the member of the roster it is for."""
    db.execute("ALTER TABLE binding_codes ADD COLUMN staff_number TEXT")


@records_migrations()
def m041_audit_scope(db: Database) -> None:
    """Keep with every line of the log the scope its person had then, so that it can be read by it.

    Lines from before get the scope of today; for that the refusal of changes is lifted once.
    """
    db.execute("DROP TRIGGER audit_never_changes")
    for column in ("district", "department", "window"):
        db.execute(f"ALTER TABLE audit ADD COLUMN {column} TEXT")
        db.execute(
            f"UPDATE audit SET {column} = (SELECT {column} FROM people WHERE id = audit.person_id)"
        )
    db.execute("""
        CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
        BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END""")
    # INSERT OR REPLACE deletes the old line without asking the trigger on deletion.
    db.execute("""
        CREATE TRIGGER audit_never_replaces BEFORE INSERT ON audit
        WHEN EXISTS (SELECT 1 FROM audit WHERE id = new.id)
        BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END""")


@records_migrations()
def m042_official_matches(db: Database) -> None:
    """Note which service of ours a provincial rating is about, or that there is none.

    The ratings get an id that a button can carry; what was matched before is kept.
    """
    db.execute("""
        CREATE TABLE official_ratings_new (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE CHECK (number <> ''),
            rated_on TEXT NOT NULL,
            level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
            is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
            district TEXT,
            unit TEXT,
            item TEXT,
            first_seen_at TEXT NOT NULL,
            last_seen_at TEXT NOT NULL,
            CHECK (is_default = 0 OR level BETWEEN 3 AND 4)
        ) STRICT""")
    db.execute("""
        INSERT INTO official_ratings_new (number, rated_on, level, is_default, district, unit, item,
            first_seen_at, last_seen_at)
        SELECT number, rated_on, level, is_default, district, unit, item, first_seen_at,
            last_seen_at FROM official_ratings ORDER BY rated_on, number""")
    db.execute("""
        CREATE TABLE official_matches_before AS
        SELECT o.number, r.interaction_id, o.last_seen_at
        FROM official_ratings o JOIN ratings r ON r.id = o.rating_id""")
    db.execute("DROP TABLE official_ratings")
    db.execute("ALTER TABLE official_ratings_new RENAME TO official_ratings")
    db.execute("""
        CREATE TABLE official_matches (
            official_id INTEGER PRIMARY KEY REFERENCES official_ratings(id),
            interaction_id INTEGER UNIQUE REFERENCES interactions(id),
            by_person_id INTEGER,
            matched_at TEXT NOT NULL
        ) STRICT""")
    db.execute("""
        INSERT INTO official_matches (official_id, interaction_id, matched_at)
        SELECT o.id, b.interaction_id, b.last_seen_at
        FROM official_matches_before b JOIN official_ratings o ON o.number = b.number""")
    db.execute("DROP TABLE official_matches_before")
    db.execute("""
        CREATE INDEX official_ratings_by_day
            ON official_ratings (rated_on, district, level, is_default)""")


@records_migrations()
def m043_staff_phones(db: Database) -> None:
    """Keep the fingerprints of staff phones, to flag who rates their own house from their own."""
    db.execute("ALTER TABLE staff ADD COLUMN phone_hash TEXT")
    db.execute("CREATE INDEX staff_by_phone ON staff (phone_hash) WHERE phone_hash IS NOT NULL")
    db.execute("DROP INDEX integrity_flags_by_day")
    db.execute("ALTER TABLE integrity_flags RENAME TO integrity_flags_before")
    db.execute("""
        CREATE TABLE integrity_flags (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('own_window', 'many_a_day', 'burst', 'too_fast',
                'same_words', 'staff_phone')),
            subject TEXT NOT NULL,
            on_day TEXT NOT NULL,
            at TEXT NOT NULL,
            district TEXT,
            window TEXT,
            entry_id TEXT,
            number INTEGER NOT NULL,
            UNIQUE (kind, subject, on_day)
        ) STRICT""")
    db.execute("INSERT INTO integrity_flags SELECT * FROM integrity_flags_before")
    db.execute("DROP TABLE integrity_flags_before")
    db.execute("CREATE INDEX integrity_flags_by_day ON integrity_flags (on_day)")


@records_migrations()
def m044_accounts(db: Database) -> None:
    """Note since when an address is a staff member's, and who somebody turned out to be."""
    db.execute("ALTER TABLE addresses ADD COLUMN bound_at TEXT")
    db.execute("""
        UPDATE addresses SET bound_at = coalesce(
            (SELECT max(used_at) FROM binding_codes b WHERE b.used_by = addresses.person_id),
            first_seen_at)
        WHERE person_id IN (SELECT id FROM people WHERE role <> 'citizen')""")
    db.execute("ALTER TABLE people ADD COLUMN joined_id INTEGER REFERENCES people(id)")
    db.execute("ALTER TABLE binding_codes ADD COLUMN for_person_id INTEGER REFERENCES people(id)")


@records_migrations()
def m047_counting_by_hall(db: Database) -> None:
    """Let the counts by district see halls that belong to none, without reading every row."""
    db.execute("DROP INDEX interactions_counting")
    db.execute("""
        CREATE INDEX interactions_counting ON interactions
            (began_on, counted, answered_at, window, district, entry_id, hall)""")
