-- The certificate that tokens are bound to: RFC 8705 §3. NULL: to none. A token is bound to a key, to a certificate or to nothing.
ALTER TABLE access_token ADD COLUMN x5t {text};
ALTER TABLE refresh_token ADD COLUMN x5t {text};
