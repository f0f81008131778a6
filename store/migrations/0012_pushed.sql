-- Pushed authorization requests: RFC 9126. A row for each one pushed, removed half an hour after it expired; what strangers push
-- is limited by a budget. The request is sealed: it may name a person.
CREATE TABLE pushed_request (
    hash {bytes} NOT NULL PRIMARY KEY,
    client {text} NOT NULL,
    sealed {text} NOT NULL,
    pushed_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    used_at {int}
){strict};
CREATE INDEX pushed_request_expiry ON pushed_request (expires_at);

INSERT INTO setting (name, value) VALUES ('pushed_requests', 'optional');
