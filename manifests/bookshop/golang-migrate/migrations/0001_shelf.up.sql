CREATE TABLE shelf (id integer PRIMARY KEY, title text NOT NULL);
