-- Who may enter the operator's console, and what for: `look`, `act`, or nobody. An operator says so on the command line.
ALTER TABLE account ADD COLUMN operator_role {text};
CREATE INDEX account_operator ON account (username_key) WHERE operator_role IS NOT NULL;
