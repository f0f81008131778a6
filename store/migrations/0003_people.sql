-- People who come by themselves: addresses by which they are found, letters with links, what an operator has decided.

-- `email` of the claims in lower case, empty where there is none; NULL where a release that knew nothing of it wrote the
-- row: the caretaker reads those.
ALTER TABLE account ADD COLUMN email_key {text};
CREATE INDEX account_email ON account (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX account_email_unread ON account (id) WHERE email_key IS NULL;

-- 1: one of the operator's own that can be started from a page (OpenID Connect Core §4); NULL as above.
ALTER TABLE client ADD COLUMN front {int};
CREATE INDEX client_front ON client (id) WHERE front = 1;
CREATE INDEX client_front_unread ON client (id) WHERE front IS NULL;

-- What an e-mail is about: its row in the outbox carries it. Bounded by the attempt budgets and by its retention.
CREATE TABLE letter (
    id {text} NOT NULL PRIMARY KEY,
    about {text} NOT NULL,
    address {text} NOT NULL,
    account {text},
    language {text} NOT NULL,
    request {text},
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    spent_at {int}
){strict};
CREATE INDEX letter_account ON letter (account) WHERE spent_at IS NULL;
CREATE INDEX letter_expiry ON letter (expires_at);

-- The links that went out with a letter, one for each attempt to send it.
CREATE TABLE link (
    hash {bytes} NOT NULL PRIMARY KEY,
    letter {text} NOT NULL REFERENCES letter (id)
){strict};
CREATE INDEX link_letter ON link (letter);

-- What an operator decides while the server runs. Each name stands here once.
CREATE TABLE setting (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
){strict};
INSERT INTO setting (name, value) VALUES ('sign_up', 'closed');
INSERT INTO version (name, value) VALUES ('settings', 0);
