# SPDX-License-Identifier: MIT
"""Replies of every kind that servers give, and some that only a hostile one would."""

import random
from collections.abc import Callable

from differential.drafts import (
    AA_FLAG,
    AAAA,
    AD_FLAG,
    CHAOS,
    CNAME,
    DNAME,
    DS,
    MX,
    NS,
    NSEC,
    NSEC3,
    OPT,
    PTR,
    RA_FLAG,
    RRSIG,
    SOA,
    SRV,
    SVCB,
    TC_FLAG,
    TXT,
    A,
    Draft,
    Habits,
    Labels,
    Rdata,
    Record,
    labels,
    plain,
    u16,
    u32,
)

Rng = random.Random

ASKED = [
    labels(text)
    for text in (
        "example.test",
        "example.test",
        "mail.example.test",
        "a.b.c.d.example.test",
        "Example.TEST",
        "test",
        "x_y.example.test",
        "\x00\x2e\xff .example.test",
        "",
    )
] + [(b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 61)]

TTLS = (0, 1, 60, 300, 300, 3_600, 86_400, 86_401, 2**31 - 1, 2**31, 2**32 - 1)

SOA_NUMBERS = (7, 7_200, 3_600, 1_209_600)  # serial, refresh, retry, expire


def ttl(rng: Rng) -> int:
    """Return a TTL, an ordinary one mostly."""
    return 300 if rng.random() < 0.5 else rng.choice(TTLS)


def long_name(rng: Rng) -> Labels:
    """Return a name of about the 255 octets that one may have (faults W27, W28)."""
    last = rng.randrange(59, 64)  # 253 to 257 octets
    return (b"a" * 63, b"b" * 63, b"c" * 63, b"d" * last)


def host(rng: Rng, asked: Labels) -> Labels:
    """Return a name that an exchange, a server or an alias may have."""
    if rng.random() < 0.02:
        return long_name(rng)
    stem = rng.choice((b"mx1", b"mx2", b"MX1", b"ns", b"a-b", b"x_y", b"m\x00x"))
    if rng.random() < 0.6 and sum(map(len, asked)) < 200:
        return (stem, *asked)
    return (stem, *labels(rng.choice(("other.test", "mail.example", "test", ""))))


def data_of(rng: Rng, rtype: int, asked: Labels) -> Rdata:
    """Return sound RDATA of the type."""
    if rtype == A:
        return (bytes((192, 0, 2, rng.randrange(8))),)
    if rtype == AAAA:
        return (b"\x20\x01\x0d\xb8" + bytes(11) + bytes((rng.randrange(8),)),)
    if rtype == MX:
        return (u16(rng.choice((0, 10, 10, 20, 65_535))), host(rng, asked))
    if rtype in (NS, CNAME, PTR):
        return (host(rng, asked),)
    if rtype == DNAME:
        return (plain(host(rng, asked)),)
    if rtype == SOA:
        minimum = rng.choice((0, 60, 900, 3_600, 86_400, 2**31, 2**32 - 1))
        numbers = b"".join(map(u32, (*SOA_NUMBERS, minimum)))
        return (host(rng, asked), host(rng, asked), numbers)
    if rtype == TXT:
        return (b"\x05hello",)
    if rtype == SRV:
        return (bytes(6), host(rng, asked))
    if rtype == NSEC:
        return (plain(host(rng, asked)), b"\x00\x02\x60\x01")
    if rtype == NSEC3:
        return (b"\x01\x00\x00\x05\x02\xab\xcd\x04\x01\x02\x03\x04\x00\x01\x40",)
    if rtype == DS:
        return (u16(1) + b"\x08\x02" + bytes(32),)
    if rtype == SVCB:
        return (u16(1), plain(host(rng, asked)), u16(3) + u16(2) + u16(443))
    return (rng.randbytes(rng.randrange(20)),)


def signature(rng: Rng, owner: Labels, covered: int) -> Record:
    """Return the signature of a set (RFC 4034 3)."""
    head = u16(covered) + b"\x08\x02" + u32(300) + u32(1_800_000_000) * 2 + u16(99)
    return Record(owner, RRSIG, (head, plain(labels("test")), rng.randbytes(16)))


def record(rng: Rng, owner: Labels, rtype: int) -> Record:
    """Return a sound record."""
    return Record(owner, rtype, data_of(rng, rtype, owner), ttl(rng))


def blank(rng: Rng) -> Draft:
    """Return a reply with nothing in it."""
    draft = Draft(rng.choice(ASKED), rng.choice((MX, MX, MX, A, AAAA)))
    draft.id = rng.randrange(65_536)
    if rng.random() < 0.2:
        draft.flags ^= AA_FLAG
    if rng.random() < 0.1:
        draft.flags ^= RA_FLAG
    if rng.random() < 0.2:
        draft.flags |= AD_FLAG
    return draft


def soa(rng: Rng, draft: Draft) -> Record:
    """Return the SOA of a zone above the name asked for, mostly."""
    owner = draft.asked[rng.randrange(len(draft.asked) + 1) :]
    return record(rng, owner if rng.random() < 0.9 else host(rng, owner), SOA)


def fill(rng: Rng, draft: Draft, owner: Labels, count: int) -> None:
    """Add records of the type asked for."""
    draft.answer += [record(rng, owner, draft.type) for _ in range(count)]


def records(rng: Rng) -> Draft:
    """Reply with what was asked for."""
    draft = blank(rng)
    fill(rng, draft, draft.asked, rng.choice((1, 2, 3, 5, 12, 40)))
    return draft


def many(rng: Rng) -> Draft:
    """Reply with more than anybody needs (faults C14, C15)."""
    draft = blank(rng)
    fill(rng, draft, draft.asked, rng.randrange(100, 900))
    return draft


def bomb(rng: Rng) -> Draft:
    """Reply with names of as many labels as can be (fault W26)."""
    draft = blank(rng)
    draft.type = MX
    draft.asked = (b"a",) * 120
    fill(rng, draft, draft.asked, rng.choice((20, 180)))
    return draft


def null_mx(rng: Rng) -> Draft:
    """Reply with RFC 7505, alone or beside others."""
    draft = blank(rng)
    draft.type = MX
    preference = u16(rng.choice((0, 0, 10)))
    draft.answer.append(Record(draft.asked, MX, (preference, ()), ttl(rng)))
    if rng.random() < 0.3:
        fill(rng, draft, draft.asked, 1)
    return draft


def path(rng: Rng, draft: Draft, steps: int) -> Labels:
    """Add aliases from the name asked for; return where they lead."""
    at = draft.asked
    for i in range(steps):
        to = (b"c%d" % i, *labels(rng.choice(("example.test", "other.test"))))
        draft.answer.append(Record(at, CNAME, (to,), ttl(rng)))
        at = to
    return at


def chain(rng: Rng) -> Draft:
    """Reply with aliases and what stands at their end: records, a SOA or nothing."""
    draft = blank(rng)
    end = path(rng, draft, rng.choice((1, 1, 2, 3, 7, 8, 9, 12)))
    ending = rng.random()
    if ending < 0.5:
        fill(rng, draft, end, rng.randrange(1, 4))
    elif ending < 0.7:
        owner = end[rng.randrange(len(end)) :]
        draft.authority.append(record(rng, owner, SOA))
    if rng.random() < 0.3:
        rng.shuffle(draft.answer)
    if rng.random() < 0.1:
        draft.flags |= 3
    return draft


def cut_chain(rng: Rng) -> Draft:
    """Reply with aliases of which one is missing (fault C4)."""
    draft = chain(rng)
    del draft.answer[rng.randrange(len(draft.answer))]
    return draft


def loop(rng: Rng) -> Draft:
    """Reply with aliases that lead back (fault C5)."""
    draft = blank(rng)
    path(rng, draft, rng.choice((1, 2, 5)))
    last = draft.answer[-1]
    last.rdata = (rng.choice(draft.answer).owner,)
    return draft


def two_aliases(rng: Rng) -> Draft:
    """Reply with two aliases of one name, the same or not (RFC 2181 10.1)."""
    draft = chain(rng)
    alias = rng.choice(draft.answer)
    to = alias.rdata if rng.random() < 0.5 else (host(rng, draft.asked),)
    draft.answer.append(Record(alias.owner, CNAME, to, ttl(rng)))
    return draft


def alias_beside(rng: Rng) -> Draft:
    """Reply with records and an alias at one name (fault C7)."""
    draft = records(rng)
    draft.answer.insert(
        rng.randrange(len(draft.answer) + 1), record(rng, draft.asked, CNAME)
    )
    return draft


def renamed(rng: Rng) -> Draft:
    """Reply with an alias that a DNAME made (RFC 6672), signed perhaps."""
    draft = chain(rng)
    owner = draft.asked[rng.randrange(len(draft.asked) + 1) :]
    draft.answer.insert(0, record(rng, owner, DNAME))
    for covered in (DNAME, CNAME):
        if rng.random() < 0.5:
            draft.answer.append(signature(rng, owner, covered))
    return draft


def no_data(rng: Rng) -> Draft:
    """Reply that there is nothing, proven or not (fault S1)."""
    draft = blank(rng)
    if rng.random() < 0.8:
        draft.authority.append(soa(rng, draft))
    return draft


def signed_no_data(rng: Rng) -> Draft:
    """Reply that there is nothing, with the proofs of DNSSEC."""
    draft = no_data(rng)
    for proof in (NSEC, NSEC3):
        if rng.random() < 0.6:
            draft.authority.append(record(rng, draft.asked, proof))
            draft.authority.append(signature(rng, draft.asked, proof))
    draft.additional.append(options(rng))
    return draft


def no_domain(rng: Rng) -> Draft:
    """Reply that there is no such name."""
    draft = rng.choice((no_data, no_data, chain, records))(rng)
    draft.flags |= 3
    return draft


def referral(rng: Rng) -> Draft:
    """Reply with the servers to ask instead, some with a SOA beside."""
    draft = blank(rng)
    owner = draft.asked[rng.randrange(len(draft.asked) + 1) :]
    draft.authority += [record(rng, owner, NS) for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.3:
        draft.authority.append(soa(rng, draft))
    draft.additional.append(record(rng, host(rng, owner), A))
    return draft


def truncated(rng: Rng) -> Draft:
    """Reply that must be asked for again over TCP."""
    draft = rng.choice((records, no_data, chain))(rng)
    draft.flags |= TC_FLAG
    return draft


def failed(rng: Rng) -> Draft:
    """Reply of a server that could not, would not or did not understand."""
    draft = rng.choice((no_data, no_data, records))(rng)
    draft.flags |= rng.randrange(16)
    if rng.random() < 0.3:
        draft.additional.append(options(rng, high_rcode=rng.choice((0, 1, 255))))
    return draft


def unrelated(rng: Rng) -> Draft:
    """Reply with records of others (faults C3, C9)."""
    draft = rng.choice((records, chain, no_data))(rng)
    rtype = rng.choice((draft.type, draft.type, CNAME, TXT, SRV, RRSIG, DNAME))
    stray = record(rng, host(rng, draft.asked), rtype)
    if rtype == RRSIG:
        covered = rng.choice((CNAME, DNAME, draft.type))
        stray = signature(rng, draft.asked, covered)
    if rng.random() < 0.3:
        stray.rclass = rng.choice((CHAOS, 255, 0, 254))
    if rng.random() < 0.3:
        draft.answer.clear()
    draft.answer.insert(rng.randrange(len(draft.answer) + 1), stray)
    return draft


def other_class(rng: Rng) -> Draft:
    """Reply with records, some of them of class CH or another."""
    draft = rng.choice((records, chain, no_data, referral))(rng)
    for section in draft.sections:
        for each in section:
            if rng.random() < 0.5:
                each.rclass = rng.choice((CHAOS, 255, 4))
    return draft


def options(rng: Rng, high_rcode: int = 0) -> Record:
    """Return an OPT record with options: errors (RFC 8914), cookies, junk."""
    parts = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
        code, data = rng.choice(
            (
                (15, u16(rng.randrange(30)) + rng.choice((b"", b"why", b"\xff\n"))),
                (15, rng.randbytes(rng.randrange(2))),
                (10, rng.randbytes(rng.choice((8, 16, 24, 7)))),
                (3, b"ns1"),
                (8, u16(1) + b"\x18\x00\xc0\x00\x02"),
                (65_001, rng.randbytes(rng.randrange(9))),
            )
        )
        parts.append(u16(code) + u16(len(data)) + data)
    return Record((), OPT, (b"".join(parts),), high_rcode << 24, 1232)


def with_options(rng: Rng) -> Draft:
    """Reply with EDNS, now and then in a wrong place (faults W30, W31)."""
    draft = rng.choice((records, chain, no_data, no_domain, referral))(rng)
    opt = options(rng, high_rcode=rng.choice((0, 0, 0, 1)))
    place = draft.additional
    if rng.random() < 0.1:
        place = rng.choice(draft.sections)
    if rng.random() < 0.05:
        root_of_question = 11 + len(plain(draft.asked))
        opt.owner = rng.choice((draft.asked, u16(0xC000 | root_of_question)))
    place.insert(rng.randrange(len(place) + 1), opt)
    if rng.random() < 0.05:
        draft.additional.append(options(rng))
    return draft


def crowded(rng: Rng) -> Draft:
    """Reply with records of many types all over the place."""
    draft = rng.choice((records, chain, no_data))(rng)
    types = (A, AAAA, MX, NS, TXT, SRV, SOA, PTR, DNAME, DS, NSEC, SVCB, 65_280)
    for section in rng.sample(draft.sections, rng.randrange(1, 4)):
        for _ in range(rng.randrange(1, 5)):
            owner = rng.choice((draft.asked, host(rng, draft.asked)))
            section.append(record(rng, owner, rng.choice(types)))
    return draft


KINDS: dict[Callable[[Rng], Draft], int] = {
    records: 6,
    chain: 6,
    no_data: 5,
    no_domain: 4,
    null_mx: 3,
    with_options: 3,
    crowded: 3,
    unrelated: 3,
    referral: 2,
    renamed: 2,
    cut_chain: 2,
    loop: 2,
    two_aliases: 2,
    alias_beside: 2,
    signed_no_data: 2,
    truncated: 2,
    failed: 2,
    other_class: 2,
}

HABITS = (
    Habits(),
    Habits(),
    Habits(compress=0.5),
    Habits(compress=0.0),
    Habits(latest=True),
    Habits(mixes_case=True),
    Habits(compress=0.7, latest=True, mixes_case=True),
)


def reply(rng: Rng) -> Draft:
    """Return a reply of one of the kinds."""
    if rng.random() < 0.002:  # they take long
        return rng.choice((many, many, bomb))(rng)
    return rng.choices(tuple(KINDS), tuple(KINDS.values()))[0](rng)
