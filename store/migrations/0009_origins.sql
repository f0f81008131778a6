-- The origins of public clients are read whenever a client has changed: from here, not from among all clients.
CREATE INDEX client_origins ON client (origins, disabled_at) WHERE origins <> '' AND disabled_at IS NULL;
