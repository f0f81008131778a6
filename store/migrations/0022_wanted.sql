-- What somebody asked for is told before what merely expired, however much of that there is.
ALTER TABLE outbox ADD COLUMN unasked {int} NOT NULL DEFAULT 0;
CREATE INDEX outbox_wanted ON outbox (unasked, client, due_at, deliver_by) WHERE settled_at IS NULL;
