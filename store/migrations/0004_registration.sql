-- Clients that register themselves: RFC 7591, RFC 7592.

-- How a client came, and by what it changes its registration. Goes with the client. Bounded by the policy's max_clients.
CREATE TABLE registration (
    client {text} NOT NULL PRIMARY KEY,
    token {bytes} NOT NULL,
    initial_token {text},
    statement {text},
    registered_at {int} NOT NULL,
    used_at {int} NOT NULL
){strict};
CREATE INDEX registration_used ON registration (used_at, client);

-- RFC 7591 §3: what an operator hands out to those who may register. Operators add them.
CREATE TABLE initial_token (
    id {text} NOT NULL PRIMARY KEY,
    hash {bytes} NOT NULL UNIQUE,
    name {text} NOT NULL,
    policy {text} NOT NULL,
    most_uses {int},
    uses {int} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int},
    revoked_at {int}
){strict};

INSERT INTO setting (name, value) VALUES ('registration', 'off'), ('registration_policy', '{}');
