-- The postman looks for letters and the courier for notices: neither reads through what waits for the other.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (kind, due_at, created_at) WHERE settled_at IS NULL;
