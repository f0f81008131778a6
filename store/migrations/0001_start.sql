-- The first schema. The words in braces are where the engines differ (store/src/engine.rs).
-- Times are milliseconds, hashes bytes, JSON text that is never searched inside. No ON DELETE CASCADE, anywhere.

CREATE TABLE account (
    id {text} NOT NULL PRIMARY KEY,
    username {text} NOT NULL,
    username_key {text} NOT NULL UNIQUE,
    sub {text} NOT NULL UNIQUE,
    password {text},
    claims {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL,
    password_changed_at {int},
    disabled_at {int}
){strict};

CREATE TABLE client (
    id {text} NOT NULL PRIMARY KEY,
    metadata {text} NOT NULL,
    policy {text} NOT NULL,
    secret_hash {bytes},
    secret_sealed {text},
    origins {text} NOT NULL,
    version {int} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL,
    disabled_at {int}
){strict};

-- Bounded by sign-ins within the absolute life and the retention of ended sessions.
CREATE TABLE session (
    id {text} NOT NULL PRIMARY KEY,
    account {text} NOT NULL,
    kind {text} NOT NULL,
    browser {bytes},
    auth_time {int} NOT NULL,
    acr {text},
    amr {text} NOT NULL,
    agent {text},
    created_at {int} NOT NULL,
    seen_at {int} NOT NULL,
    idle_span {int} NOT NULL,
    idle_until {int} NOT NULL,
    expires_at {int} NOT NULL,
    ended_at {int},
    cause {text},
    ended_by {text}
){strict};
CREATE INDEX session_browser ON session (browser) WHERE ended_at IS NULL;
CREATE INDEX session_account ON session (account, created_at);
CREATE INDEX session_idle ON session (idle_until) WHERE ended_at IS NULL;
CREATE INDEX session_expiry ON session (expires_at) WHERE ended_at IS NULL;
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE participation (
    sid {text} NOT NULL PRIMARY KEY,
    session {text} NOT NULL REFERENCES session (id),
    account {text} NOT NULL,
    client {text} NOT NULL,
    sub {text} NOT NULL,
    begun_at {int} NOT NULL,
    used_at {int} NOT NULL,
    ended_at {int},
    cause {text}
){strict};
CREATE UNIQUE INDEX participation_live ON participation (session, client) WHERE ended_at IS NULL;
CREATE INDEX participation_session ON participation (session);
-- Ended stays too: the grants of an account or a client are found through their stays.
CREATE INDEX participation_client ON participation (client, account);
CREATE INDEX participation_account ON participation (account, client);

CREATE TABLE grants (
    id {text} NOT NULL PRIMARY KEY,
    sid {text} NOT NULL REFERENCES participation (sid),
    session {text} NOT NULL,
    account {text} NOT NULL,
    client {text} NOT NULL,
    sub {text} NOT NULL,
    kind {text} NOT NULL,
    scope {text} NOT NULL,
    claims {text} NOT NULL,
    resources {text} NOT NULL,
    auth_time {int} NOT NULL,
    acr {text},
    amr {text} NOT NULL,
    nonce {text},
    auth_time_wanted {int} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    ended_at {int},
    cause {text}
){strict};
CREATE INDEX grants_sid ON grants (sid);
CREATE INDEX grants_expiry ON grants (expires_at) WHERE ended_at IS NULL;

-- Bounded by authorizations within a code's life and the sweep's interval.
CREATE TABLE code (
    hash {bytes} NOT NULL PRIMARY KEY,
    client {text} NOT NULL,
    family {text} NOT NULL,
    sid {text} NOT NULL,
    session {text} NOT NULL,
    account {text} NOT NULL,
    sub {text} NOT NULL,
    kind {text} NOT NULL,
    scope {text} NOT NULL,
    claims {text} NOT NULL,
    resources {text} NOT NULL,
    auth_time {int} NOT NULL,
    acr {text},
    amr {text} NOT NULL,
    nonce {text},
    auth_time_wanted {int} NOT NULL,
    created_at {int} NOT NULL,
    grant_expires_at {int} NOT NULL,
    redirect_uri {text} NOT NULL,
    redirect_given {int} NOT NULL,
    challenge {text},
    expires_at {int} NOT NULL,
    spent_at {int}
){strict};
CREATE INDEX code_expiry ON code (expires_at);

CREATE TABLE access_token (
    hash {bytes} NOT NULL PRIMARY KEY,
    grant_id {text},
    client {text} NOT NULL,
    sub {text},
    scope {text} NOT NULL,
    resources {text} NOT NULL,
    issued_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    revoked_at {int}
){strict};
CREATE INDEX access_token_expiry ON access_token (expires_at);
-- Those no person stands behind end with their client.
CREATE INDEX access_token_own ON access_token (client) WHERE grant_id IS NULL;

CREATE TABLE refresh_token (
    hash {bytes} NOT NULL PRIMARY KEY,
    grant_id {text} NOT NULL,
    parent {bytes},
    issued_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    rotated_at {int},
    used_at {int}
){strict};
CREATE INDEX refresh_token_parent ON refresh_token (parent) WHERE parent IS NOT NULL;
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

CREATE TABLE consent (
    account {text} NOT NULL,
    client {text} NOT NULL,
    scope {text} NOT NULL,
    id_token_claims {text} NOT NULL,
    userinfo_claims {text} NOT NULL,
    resources {text} NOT NULL,
    given_at {int} NOT NULL,
    PRIMARY KEY (account, client)
){strict};
CREATE INDEX consent_client ON consent (client);

-- Token buckets. "left" is a reserved word of PostgreSQL.
CREATE TABLE attempt (
    kind {text} NOT NULL,
    key {bytes} NOT NULL,
    remaining {int} NOT NULL,
    at {int} NOT NULL,
    PRIMARY KEY (kind, key)
){strict};
CREATE INDEX attempt_at ON attempt (at);

CREATE TABLE signing_key (
    kid {text} NOT NULL PRIMARY KEY,
    alg {text} NOT NULL,
    use {text} NOT NULL,
    sealed {text} NOT NULL,
    public {text} NOT NULL,
    created_at {int} NOT NULL,
    active_from {int} NOT NULL,
    retired_at {int},
    removed_at {int}
){strict};

CREATE TABLE replay (
    realm {text} NOT NULL,
    hash {bytes} NOT NULL,
    expires_at {int} NOT NULL,
    PRIMARY KEY (realm, hash)
){strict};
CREATE INDEX replay_expiry ON replay (expires_at);

-- A row is an intention, not a token (logout.md §4).
CREATE TABLE outbox (
    id {text} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    client {text} NOT NULL,
    account {text} NOT NULL,
    subject {text} NOT NULL,
    sid {text} NOT NULL,
    session {text} NOT NULL,
    cause {text} NOT NULL,
    created_at {int} NOT NULL,
    due_at {int} NOT NULL,
    attempts {int} NOT NULL,
    lease_until {int},
    deliver_by {int} NOT NULL,
    last_status {int},
    last_reply {text},
    settled_at {int},
    outcome {text}
){strict};
CREATE UNIQUE INDEX outbox_unsettled ON outbox (kind, client, subject, sid) WHERE settled_at IS NULL;
CREATE INDEX outbox_due ON outbox (due_at) WHERE settled_at IS NULL;
CREATE INDEX outbox_client_due ON outbox (client, due_at) WHERE settled_at IS NULL;
CREATE INDEX outbox_session ON outbox (session);
CREATE INDEX outbox_client ON outbox (client, created_at);
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX outbox_created ON outbox (created_at, id);

-- What retention folded away, so that totals never shrink.
CREATE TABLE outbox_total (
    day {int} NOT NULL,
    client {text} NOT NULL,
    outcome {text} NOT NULL,
    amount {int} NOT NULL,
    PRIMARY KEY (day, client, outcome)
){strict};

-- One row for each ending: what was ordered, and what came of it.
CREATE TABLE ending (
    id {text} NOT NULL PRIMARY KEY,
    what {text} NOT NULL,
    subject {text} NOT NULL,
    cause {text} NOT NULL,
    ended_by {text} NOT NULL,
    at {int} NOT NULL,
    told {int} NOT NULL,
    untold {int} NOT NULL,
    revoked {int} NOT NULL,
    kept {int} NOT NULL
){strict};
CREATE INDEX ending_at ON ending (at);

CREATE TABLE audit (
    id {text} NOT NULL PRIMARY KEY,
    at {int} NOT NULL,
    actor {text} NOT NULL,
    action {text} NOT NULL,
    subject {text} NOT NULL,
    detail {text} NOT NULL
){strict};
CREATE INDEX audit_at ON audit (at, id);

-- Moved by every change; nodes reload when it has moved.
CREATE TABLE version (
    name {text} NOT NULL PRIMARY KEY,
    value {int} NOT NULL
){strict};
INSERT INTO version (name, value) VALUES ('clients', 0), ('keys', 0);
