-- Who holds tokens that were exchanged for those of a grant: previews and histories ask.
CREATE INDEX access_token_exchanged_from ON access_token (grant_id) WHERE exchanged = 1;
