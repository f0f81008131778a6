-- Native SSO: device sessions and the secrets of their devices.

-- What a session of kind `device` has beside its row in `session`, and goes with it. `ds_hash` is what binds ID Tokens to the
-- device's secrets; none once these were revoked, until there is a new one.
CREATE TABLE device (
    session {text} NOT NULL PRIMARY KEY REFERENCES session (id),
    opened_from {text} NOT NULL,
    client {text} NOT NULL,
    tie {text} NOT NULL,
    ds_hash {text},
    replayed_at {int}
){strict};
CREATE INDEX device_opened_from ON device (opened_from);

-- Bounded: 32 of a device, and they go with its session.
CREATE TABLE device_secret (
    hash {bytes} NOT NULL PRIMARY KEY,
    session {text} NOT NULL REFERENCES device (session),
    parent {bytes},
    issued_at {int} NOT NULL,
    used_at {int},
    replaced_at {int},
    revoked_at {int}
){strict};
CREATE INDEX device_secret_session ON device_secret (session, issued_at);
CREATE INDEX device_secret_parent ON device_secret (parent) WHERE parent IS NOT NULL;

INSERT INTO setting (name, value) VALUES ('native_sso', 'off');
