-- The key that codes and tokens are bound to: RFC 9449. NULL: to none.
ALTER TABLE code ADD COLUMN jkt {text};
ALTER TABLE access_token ADD COLUMN jkt {text};
ALTER TABLE refresh_token ADD COLUMN jkt {text};
