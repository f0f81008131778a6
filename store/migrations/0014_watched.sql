-- What monitors ask every few seconds, and the page of an ending, is answered by indexes alone; a promise knows the trace it
-- was made in.
ALTER TABLE outbox ADD COLUMN traceparent {text};
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (due_at, created_at) WHERE settled_at IS NULL;
DROP INDEX outbox_settled;
CREATE INDEX outbox_settled ON outbox (settled_at, outcome) WHERE settled_at IS NOT NULL;
DROP INDEX outbox_session;
CREATE INDEX outbox_session ON outbox (session, settled_at);
CREATE INDEX outbox_total_untold ON outbox_total (outcome, amount) WHERE outcome <> 'delivered';
