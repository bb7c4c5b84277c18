#!/usr/bin/env python3
"""Checks a chain of facts without any of the product's code. Python's standard library is enough.

    verify_chain.py VECTORS.json ...            golden vectors
    verify_chain.py --db facts.db [--head HASH] the log of a terminal; HASH as `kartd` tells it in /health

Each fact is one line of JSON. h(0) is 32 zero bytes and h(n) = SHA-256(h(n-1) followed by the bytes of line n). A text
that may be erased stands beside the line, which holds only its commitment: SHA-256(salt followed by the text) in
hexadecimal digits. Exits with 1 and a sentence for the first thing that does not fit.

Where facts were purged because headquarters has them in a backup, the log goes on from the hash of the last of them.

A log that was cut off at its end is a valid shorter log; only --head tells.
"""

import argparse
import hashlib
import json
import sqlite3
import sys
from pathlib import Path

FORMAT = 1


class Mismatch(Exception):
    """A sentence about what does not fit."""


def commitment(salt, text):
    return hashlib.sha256(salt.encode() + text.encode()).hexdigest()


def body(seq, line):
    """The body of a fact whose line was found to be in order."""
    try:
        fact = json.loads(line)
        (kind,) = fact["fact"]
        named = fact["seq"]
    except (ValueError, KeyError, TypeError) as fault:
        raise Mismatch(f"fact {seq} is not a fact: {fault!r}") from fault
    if "\n" in line:
        raise Mismatch(f"fact {seq} is more than one line")
    if named != seq:
        raise Mismatch(f"the line of fact {seq} calls itself {named}")
    if (kind == "genesis") != (seq == 1):
        raise Mismatch(f"fact {seq} is of kind {kind}, and a log begins with its genesis and has one")
    if kind == "genesis" and fact["fact"][kind]["format"] != FORMAT:
        raise Mismatch(f"this log has format {fact['fact'][kind]['format']}; format {FORMAT} is known here")
    return fact["fact"][kind]


def verify(facts, texts, purged=(0, bytes(32))):
    """Checks (seq, line, hash) in order and (seq, field, salt, text) beside them; gives the last hash and counts."""
    gone, head = purged
    bodies = {}
    for expected, (seq, line, said) in enumerate(facts, start=gone + 1):
        if seq != expected:
            raise Mismatch(f"fact {expected} is missing; the next one is {seq}")
        head = hashlib.sha256(head + line.encode()).digest()
        if said != head:
            raise Mismatch(f"the hash of fact {seq} does not follow from the lines up to it")
        bodies[seq] = body(seq, line)
    if not bodies:
        raise Mismatch("there is no fact at all")
    there = 0
    for seq, field, salt, text in texts:
        if seq not in bodies:
            raise Mismatch(f"there is a text for fact {seq}, which is missing")
        if text is None:
            continue
        if bodies[seq].get(field) != commitment(salt, text):
            raise Mismatch(f"the text {field!r} of fact {seq} is not the one that its line commits to")
        there += 1
    return head, len(bodies), there


def from_vectors(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    if document["format"] != FORMAT:
        raise Mismatch(f"these vectors have format {document['format']}; format {FORMAT} is known here")
    facts = [(seq, fact["line"], bytes.fromhex(fact["hash"])) for seq, fact in enumerate(document["facts"], start=1)]
    texts = document["texts"]
    for text in texts:
        if commitment(text["salt"], text["text"]) != text["commitment"]:
            raise Mismatch(f"the commitment of text {text['field']!r} of fact {text['seq']} is another one")
    return facts, [(text["seq"], text["field"], text["salt"], text["text"]) for text in texts]


def from_database(path):
    connection = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)
    try:
        # Both are read as of one moment, because a terminal may be writing.
        connection.execute("BEGIN")
        facts = connection.execute("SELECT seq, line, hash FROM facts ORDER BY seq").fetchall()
        purged = connection.execute("SELECT seq, hash FROM purged").fetchone() or (0, bytes(32))
        texts = connection.execute("SELECT seq, field, salt, text FROM fact_texts ORDER BY seq, field").fetchall()
    finally:
        connection.close()
    return facts, texts, purged


def main():
    arguments = argparse.ArgumentParser(description="Checks a chain of facts.")
    arguments.add_argument("vectors", nargs="*", type=Path)
    arguments.add_argument("--db", type=Path, help="the facts.db of a terminal")
    arguments.add_argument("--head", help="the hash that the log must end with")
    asked = arguments.parse_args()
    if not asked.vectors and not asked.db:
        arguments.error("vectors or --db are needed")
    sources = [(path, from_vectors) for path in asked.vectors] + ([(asked.db, from_database)] if asked.db else [])
    for path, read in sources:
        try:
            head, facts, texts = verify(*read(path))
            if asked.head and head.hex() != asked.head and read is from_database:
                raise Mismatch(f"the log ends with {head.hex()}, not with {asked.head}")
        except (Mismatch, OSError, KeyError, TypeError, ValueError, sqlite3.Error) as fault:
            print(f"{path}: {fault}", file=sys.stderr)
            return 1
        print(f"{path}: {facts} facts and {texts} texts in order, head {head.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
