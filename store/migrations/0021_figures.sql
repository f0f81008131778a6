-- What needs a hand, or needed one, is counted client by client without a look at what was delivered.
CREATE INDEX outbox_undelivered ON outbox (client, outcome) WHERE outcome IN ('refused', 'parked', 'withdrawn');
