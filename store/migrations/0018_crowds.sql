-- Very many at once. A lease takes notices as they come, and those of a party that keeps failing only at their deadline.
DROP INDEX outbox_client_due;
CREATE INDEX outbox_client_due ON outbox (client, due_at, deliver_by) WHERE settled_at IS NULL;
-- Stays that end by the hundred thousand are found in the order in which they end.
CREATE INDEX participation_leaving ON participation (client, session) WHERE ended_at IS NULL;
