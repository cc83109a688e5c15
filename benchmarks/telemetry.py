"""A second database for benchmarks, shaped unlike the shop: one long log, few small tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

READINGS = 250_000
DEVICES = 1_500
TICKETS = 12_000

SCHEMA = """
CREATE TABLE site(code TEXT PRIMARY KEY, region TEXT, opened TEXT) WITHOUT ROWID;
CREATE TABLE device(serial TEXT PRIMARY KEY, site TEXT, model TEXT, firmware TEXT, retired TEXT);
CREATE TABLE reading(serial TEXT, at TEXT, metric TEXT, value REAL, quality INTEGER);
CREATE TABLE ticket(
  number INTEGER PRIMARY KEY, serial TEXT, state TEXT, priority INTEGER, opened TEXT, closed TEXT,
  title TEXT COLLATE NOCASE, assignee TEXT);
CREATE INDEX reading_quality ON reading(quality);
"""

WORKLOAD = """
-- name: latest_of_device
-- calls: 200
SELECT at, value FROM reading WHERE serial = 'D00042' AND metric = 'temp' ORDER BY at DESC LIMIT 20;
-- name: device_range
-- calls: 40
SELECT metric, avg(value), max(value) FROM reading
WHERE serial = 'D00777' AND at BETWEEN '2025-03-01' AND '2025-04-01'
GROUP BY metric ORDER BY metric;
-- name: hot_devices
-- calls: 4
SELECT serial, count(*) AS n FROM reading WHERE metric = 'temp' AND value > 92
GROUP BY serial ORDER BY n DESC, serial LIMIT 10;
-- name: bad_quality_by_region
-- calls: 2
SELECT s.region, count(*) FROM reading AS r JOIN device AS d ON d.serial = r.serial
JOIN site AS s ON s.code = d.site
WHERE r.quality = 3 AND r.at >= '2025-06-01' GROUP BY s.region ORDER BY s.region;
-- name: silent_devices
-- calls: 1
SELECT d.serial FROM device AS d WHERE d.model = 'M7' AND NOT EXISTS (
  SELECT 1 FROM reading AS r WHERE r.serial = d.serial AND r.at >= '2025-06-20')
ORDER BY d.serial;
-- name: open_tickets
-- calls: 60
SELECT number, title FROM ticket WHERE state = 'open' AND (priority = 1 OR assignee = 'kim')
ORDER BY opened DESC, number DESC LIMIT 25;
-- name: tickets_titled
-- calls: 30
SELECT number, title FROM ticket WHERE title LIKE 'pump 7%' ORDER BY title, number;
-- name: tickets_per_site
-- calls: 10
SELECT d.site, count(*) FROM ticket AS t JOIN device AS d ON d.serial = t.serial
WHERE t.closed IS NULL GROUP BY d.site ORDER BY count(*) DESC, d.site LIMIT 5;
-- name: devices_of_region
-- calls: 20
SELECT d.serial, d.model FROM device AS d WHERE d.retired IS NULL
AND d.site IN (SELECT code FROM site WHERE region = 'north') ORDER BY d.serial;
-- name: worst_reading_per_ticket
-- calls: 1
WITH urgent AS (SELECT number, serial, opened FROM ticket WHERE priority = 1 AND state = 'open')
SELECT u.number, (SELECT max(r.value) FROM reading AS r
  WHERE r.serial = u.serial AND r.metric = 'vibration') AS worst
FROM urgent AS u ORDER BY worst DESC, u.number LIMIT 30;
-- name: metrics_known
-- calls: 5
SELECT DISTINCT metric FROM reading ORDER BY metric;
-- name: total
-- calls: 1
SELECT count(*), sum(value * quality) FROM reading WHERE value * 2 > 11;
"""


def build(folder: Path) -> tuple[Path, Path]:
    """Write database and workload into a folder and return their paths."""
    database, workload = folder / "telemetry.db", folder / "telemetry.sql"
    draw = Random(11)  # noqa: S311  # benchmark data, nothing secret
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript(SCHEMA)
        connection.executemany("INSERT INTO site VALUES (?, ?, ?)", _sites())
        connection.executemany("INSERT INTO device VALUES (?, ?, ?, ?, ?)", _devices(draw))
        connection.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?)", _readings(draw))
        connection.executemany("INSERT INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _tickets(draw))
    workload.write_text(WORKLOAD, encoding="utf-8")
    return database, workload


def _sites() -> Iterator[tuple[str, str, str]]:
    regions = ("north", "south", "east", "west")
    for number in range(40):
        yield f"S{number:02}", regions[number % 4], f"20{number % 25:02}-01-01"


def _devices(draw: Random) -> Iterator[tuple[str, str, str, str, str | None]]:
    for number in range(DEVICES):
        site, model = f"S{int(40 * draw.random() ** 2):02}", f"M{draw.randrange(9)}"
        retired = "2025-01-31" if draw.random() < 1 / 8 else None
        yield f"D{number:05}", site, model, f"1.{draw.randrange(6)}", retired


def _readings(draw: Random) -> Iterator[tuple[str, str, str, float, int]]:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for number in range(READINGS):
        at = start + timedelta(seconds=number * 62)
        serial = f"D{int(DEVICES * draw.random() ** 1.5):05}"
        metric = draw.choice(("temp", "temp", "pressure", "vibration"))
        quality = 3 if draw.random() < 1 / 50 else draw.randrange(3)
        yield serial, f"{at:%Y-%m-%d %H:%M:%S}", metric, round(draw.gauss(60, 15), 2), quality


def _tickets(draw: Random) -> Iterator[tuple[int, str, str, int, str, str | None, str, str]]:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(1, TICKETS + 1):
        opened = start + timedelta(hours=number)
        open_still = draw.random() < 1 / 30
        closed = None if open_still else f"{opened + timedelta(days=3):%Y-%m-%d}"
        yield (
            number,
            f"D{draw.randrange(DEVICES):05}",
            "open" if open_still else "closed",
            1 + int(4 * draw.random() ** 0.5),
            f"{opened:%Y-%m-%d %H:%M}",
            closed,
            f"{draw.choice(('Pump', 'Valve', 'Fan'))} {draw.randrange(900)} {draw.randrange(99)}",
            draw.choice(("kim", "lee", "ada", "bo", "eva")),
        )
