-- By what a sector knows a person: OpenID Connect Core §8.1, third method: a random value, stored. Never changed: it is
-- what clients know people by. Bounded by accounts × sectors of registered clients.
CREATE TABLE pairwise (
    account {text} NOT NULL,
    sector {text} NOT NULL,
    sub {text} NOT NULL UNIQUE,
    created_at {int} NOT NULL,
    PRIMARY KEY (account, sector)
){strict};
