-- The trail by who did it: operators page through it (`audit_subject` is the other way in).
CREATE INDEX audit_actor ON audit (actor, at, id);
