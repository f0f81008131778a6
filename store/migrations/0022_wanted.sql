-- What somebody asked for is told before what merely expired, however much of that there is.
CREATE INDEX outbox_wanted ON outbox (client, due_at, deliver_by)
    WHERE settled_at IS NULL AND cause NOT IN ('idle_expiry', 'absolute_expiry');
