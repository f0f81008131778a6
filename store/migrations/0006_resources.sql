-- Resource servers: what access tokens can be for (RFC 8707), and what they look like (RFC 9068).

-- Operators add them.
CREATE TABLE resource_server (
    identifier {text} NOT NULL PRIMARY KEY,
    names {text} NOT NULL,
    format {text} NOT NULL,
    alg {text},
    lifetime {int},
    clients {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL
){strict};

-- A scope value means something at one of them.
CREATE TABLE resource_scope (
    value {text} NOT NULL PRIMARY KEY,
    resource {text} NOT NULL REFERENCES resource_server (identifier),
    place {int} NOT NULL,
    titles {text} NOT NULL
){strict};
CREATE INDEX resource_scope_resource ON resource_scope (resource);
