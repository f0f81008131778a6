-- Claims and scopes an operator declares, and claims providers (OpenID Connect Core §5.1.2, §5.4, §5.6). Bounded by what
-- an operator enters. Texts in several languages are a JSON object by language tag; without one: "".
CREATE TABLE claim_scope (
    name {text} NOT NULL PRIMARY KEY,
    claims {text} NOT NULL,
    titles {text} NOT NULL,
    descriptions {text} NOT NULL,
    given {text} NOT NULL,
    consent {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL
){strict};

CREATE TABLE claim (
    name {text} NOT NULL PRIMARY KEY,
    titles {text} NOT NULL,
    person {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL
){strict};

CREATE TABLE claim_source (
    name {text} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    claims {text} NOT NULL,
    endpoint {text},
    issuer {text},
    jwks {text},
    reach {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL
){strict};

-- What a claims provider is to an account: a sealed access token, a JWT that was verified. One row for a pair at most.
CREATE TABLE claim_link (
    source {text} NOT NULL REFERENCES claim_source (name),
    account {text} NOT NULL,
    token {text},
    jwt {text},
    jwt_until {int},
    linked_at {int} NOT NULL,
    PRIMARY KEY (source, account)
){strict};
CREATE INDEX claim_link_account ON claim_link (account);

INSERT INTO version (name, value) VALUES ('catalogue', 0);
-- The languages claims are kept in, as the operator says: claims_locales_supported.
INSERT INTO setting (name, value) VALUES ('claims_locales', '[]');
