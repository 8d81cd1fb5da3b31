-- The last token of a line is found without reading the whole line.
DROP INDEX tegata_rotation_family;
CREATE INDEX tegata_rotation_family ON tegata_rotation (family, rotated_at);
