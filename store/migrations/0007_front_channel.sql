-- How many relying parties of an ending were told through the browser alone (Front-Channel Logout). NULL: the ending was
-- recorded by a release that had no such way.
ALTER TABLE ending ADD COLUMN shown {int};
