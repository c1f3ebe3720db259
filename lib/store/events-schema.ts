/** How many events a home keeps; older ones go as new ones come. */
export const keptEvents = 10_000;

// Triggers, so that an event is written with the very change that it tells of, whoever makes that: all of it or nothing.
const now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** A released migration never changes: what comes later goes into one of its own. */
export const eventsSchema = `
  CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    box    TEXT NOT NULL,
    type   TEXT NOT NULL,
    detail TEXT
  ) STRICT;
  CREATE INDEX events_by_box ON events (box, seq);
  INSERT INTO meta (key, value) VALUES ('events', lower(hex(randomblob(6))));

  CREATE TRIGGER box_created AFTER UPDATE OF state ON boxes
  WHEN OLD.state = 'creating' AND NEW.state = 'running'
  BEGIN
    INSERT INTO events (at, box, type) VALUES (${now}, NEW.id, 'created');
    INSERT INTO events (at, box, type) VALUES (${now}, NEW.id, 'started');
  END;
  CREATE TRIGGER box_started AFTER UPDATE OF state ON boxes
  WHEN OLD.state <> 'creating' AND NEW.state = 'running' AND OLD.started_at IS NOT NEW.started_at
  BEGIN
    INSERT INTO events (at, box, type) VALUES (${now}, NEW.id, 'started');
  END;
  CREATE TRIGGER box_exited AFTER UPDATE OF exit ON boxes
  WHEN NEW.exit IS NOT NULL AND OLD.exit IS NOT NEW.exit
  BEGIN
    INSERT INTO events (at, box, type, detail) VALUES (${now}, NEW.id, 'exited', json_object('exit', json(NEW.exit)));
  END;
  CREATE TRIGGER box_removed AFTER DELETE ON boxes
  WHEN OLD.started_at IS NOT NULL
  BEGIN
    INSERT INTO events (at, box, type) VALUES (${now}, OLD.id, 'removed');
  END;
  CREATE TRIGGER events_bounded AFTER INSERT ON events
  BEGIN
    DELETE FROM events WHERE seq <= NEW.seq - ${keptEvents};
  END;
`;
