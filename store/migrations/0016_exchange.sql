-- Token exchange (RFC 8693).

-- Who may exchange what for which audience and scope: a rule as JSON that is never searched inside. Operators add them.
CREATE TABLE exchange_rule (
    name {text} NOT NULL PRIMARY KEY,
    rule {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL
){strict};

-- Who acts with an access token, and who may; and whether it rests on another client's grant.
ALTER TABLE access_token ADD COLUMN act {text};
ALTER TABLE access_token ADD COLUMN may_act {text};
ALTER TABLE access_token ADD COLUMN exchanged {int};
-- Those end with their client too, though its grant does not.
CREATE INDEX access_token_exchanged ON access_token (client) WHERE exchanged = 1;
