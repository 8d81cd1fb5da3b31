-- A refresh token that was rotated, and what took its place. No token text is kept.
CREATE TABLE tegata_rotation (
    parent_jti varchar(255) NOT NULL PRIMARY KEY,
    successor_jti varchar(255) NOT NULL,
    -- The identifier of the first token of the line, which was obtained by a login.
    family varchar(255) NOT NULL,
    rotated_at timestamp with time zone NOT NULL,
    successor_expires_at timestamp with time zone NOT NULL,
    -- When neither of the two can be of use any more.
    expires_at timestamp with time zone NOT NULL
);

CREATE UNIQUE INDEX tegata_rotation_successor_jti ON tegata_rotation (successor_jti);
-- The last token of a line is found without reading the whole line.
CREATE INDEX tegata_rotation_family ON tegata_rotation (family, rotated_at);
