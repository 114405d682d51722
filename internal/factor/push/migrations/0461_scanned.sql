-- Which browser asks: what it asked for before gives way to what it asks for now.
ALTER TABLE push_request ADD COLUMN browser TEXT NOT NULL DEFAULT '';
