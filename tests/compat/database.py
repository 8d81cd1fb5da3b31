"""What a site's database stands on. Tests ask all engines alike: `?` stands for a value, dates are
texts in UTC, and UUIDs are hexadecimal, as Django has them in SQLite."""

import os
import shutil
import sqlite3
import subprocess
import uuid
from contextlib import closing
from datetime import datetime, timezone

import psycopg


class Sqlite:
    """A file, which is not there until a program makes it."""

    def __init__(self, folder):
        self.path = folder / "db.sqlite3"
        self.url = f"sqlite://{self.path}"

    def copy(self, other):
        shutil.copy(other.path, self.path)

    def drop(self):
        """The file goes with its folder."""

    def query(self, sql, *values):
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def check(self):
        """Fails where the file is damaged, or a row names one that is not there."""
        assert self.query("PRAGMA integrity_check") == [("ok",)]
        assert self.query("PRAGMA foreign_key_check") == []

    def schema(self):
        """The statements that make Django's tables and indexes. SQLite and tegata have others."""
        tables = self.query("SELECT name, sql FROM sqlite_master")
        others = ("sqlite_", "tegata_")
        return {fold(sql) for name, sql in tables if not name.startswith(others)}


class Postgres:
    """A database of its own, empty at first, on the server of `tests/postgres.sh`."""

    def __init__(self, _folder):
        self.server = os.environ["TEGATA_TEST_POSTGRES"]
        self.name = f"compat_{uuid.uuid4().hex}"
        self.url = f"{self.server}/{self.name}"
        self.administer(f"CREATE DATABASE {self.name}")

    def copy(self, other):
        self.drop()
        self.administer(f"CREATE DATABASE {self.name} TEMPLATE {other.name}")

    def drop(self):
        self.administer(f"DROP DATABASE {self.name} WITH (FORCE)")

    def administer(self, sql):
        with closing(psycopg.connect(f"{self.server}/postgres", autocommit=True)) as connection:
            connection.execute(sql)

    def query(self, sql, *values):
        sql = sql.replace("%", "%%").replace("?", "%s")
        with psycopg.connect(self.url, options="-c TimeZone=UTC") as connection:
            cursor = connection.execute(sql, values)
            rows = cursor.fetchall() if cursor.description else []
        return [tuple(map(plain, row)) for row in rows]

    def check(self):
        """The server does so itself: no commit gets past a constraint."""

    def schema(self):
        """The statements that make Django's tables, sequences, constraints and indexes."""
        [(programs,)] = self.query("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        dump = [f"{programs}/pg_dump", "--schema-only", "--no-owner", "--exclude-table=tegata_*"]
        text = subprocess.run([*dump, self.url], capture_output=True, text=True, check=True).stdout
        comments = ("--", "\\")
        lines = (line for line in text.splitlines() if not line.startswith(comments))
        return {fold(statement) for statement in "\n".join(lines).split(";\n")}


ENGINES = {"sqlite": Sqlite, "postgres": Postgres}


def plain(value):
    match value:
        case datetime():
            return str(value.astimezone(timezone.utc).replace(tzinfo=None))
        case uuid.UUID():
            return value.hex
        case _:
            return value


def fold(sql):
    return " ".join(sql.split()).replace("( ", "(").replace(" )", ")")
