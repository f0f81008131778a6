-- Which origin belongs to which client: looked up one at a time, so that nobody reads or keeps those of all clients.
-- Bounded by the clients' redirect URIs. The column client.origins stays what a client's row says.
CREATE TABLE client_origin (
    origin {text} NOT NULL,
    client {text} NOT NULL,
    PRIMARY KEY (origin, client)
){strict};
CREATE INDEX client_origin_client ON client_origin (client);

INSERT INTO client_origin (origin, client)
WITH RECURSIVE part (client, origin, rest) AS (
    SELECT id, '', origins || ' ' FROM client WHERE origins <> ''
    UNION ALL
    SELECT client, substr(rest, 1, {position}(rest, ' ') - 1), substr(rest, {position}(rest, ' ') + 1)
    FROM part WHERE rest <> ''
)
SELECT DISTINCT origin, client FROM part WHERE origin <> '';

DROP INDEX client_origins;
