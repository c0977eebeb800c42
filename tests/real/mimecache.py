#!/usr/bin/python3
"""usage: mimecache.py FILE: what a mime.cache says, whatever the order of its strings."""
import struct
import sys

data = open(sys.argv[1], "rb").read()


def number(at):
    return struct.unpack(">I", data[at : at + 4])[0]


def string(at):
    return data[at : data.index(b"\0", at)].decode()


def table(name, at, row):
    for entry in range(number(at)):
        place = at + 4 + 4 * len(row) * entry
        cells = [number(place + 4 * cell) for cell in range(len(row))]
        print(name, *(string(cell) if kind == "s" else cell for cell, kind in zip(cells, row)))


def suffixes(at, count, tail):
    for entry in range(count):
        letter, size, place = (number(at + 12 * entry + 4 * cell) for cell in range(3))
        if letter:
            suffixes(place, size, chr(letter) + tail)
        else:
            print("suffix", tail, string(size), place)


def matches(at, count, depth):
    for entry in range(count):
        start, length, word, size, value, mask, inside, first = (
            number(at + 32 * entry + 4 * cell) for cell in range(8)
        )
        shown = data[mask : mask + size].hex() if mask else "-"
        print("match", depth, start, length, word, data[value : value + size].hex(), shown)
        matches(first, inside, depth + 1)


aliases, parents, literals, tails, globs, magic, namespaces, icons, generic, types = (
    number(at) for at in range(4, 44, 4)
)
print("version", data[:4].hex(), "size", len(data))
table("alias", aliases, "ss")
table("literal", literals, "ssn")
table("glob", globs, "ssn")
table("namespace", namespaces, "sss")
table("icon", icons, "ss")
table("generic icon", generic, "ss")
for entry in range(number(parents)):
    print("of", string(number(parents + 4 + 8 * entry)))
    table("parent", number(parents + 8 + 8 * entry), "s")
suffixes(number(tails + 4), number(tails), "")
print("magic", number(magic), number(magic + 4))
for entry in range(number(magic)):
    at = number(magic + 8) + 16 * entry
    print("magic", number(at), string(number(at + 4)))
    matches(number(at + 12), number(at + 8), 0)
table("type", types, "n")
