-- The ledger as it is looked at and acted from (logout.md §7).

-- How a stay that ended was told where nothing was promised. NULL: it goes on, or there is a notice about it.
ALTER TABLE participation ADD COLUMN unpromised {text};
UPDATE participation SET unpromised = 'unrecorded' WHERE ended_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.id = 'backchannel_logout.' || participation.sid);
CREATE INDEX participation_unpromised ON participation (client, unpromised) WHERE unpromised IS NOT NULL;
-- What ended lately: each such stay is noticed, shown or untold.
CREATE INDEX participation_ended ON participation (ended_at) WHERE ended_at IS NOT NULL;

-- What operators look for: a state, a person.
CREATE INDEX outbox_outcome ON outbox (outcome, created_at, id);
CREATE INDEX outbox_account ON outbox (account, created_at, id);
CREATE INDEX audit_subject ON audit (subject, at);
