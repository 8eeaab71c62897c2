# SPDX-License-Identifier: MIT
"""What happens to messages underway, and what somebody may do to them."""

import random
from collections.abc import Callable

from differential.drafts import Draft, Habits, copy_of, encode, u16
from differential.replies import HABITS

Rng = random.Random
HEADER = 12


def flip_bit(rng: Rng, message: bytearray) -> None:
    """Flip one bit."""
    message[rng.randrange(len(message))] ^= 1 << rng.randrange(8)


def flip_header_bit(rng: Rng, message: bytearray) -> None:
    """Flip a bit of the flags or of a count."""
    message[rng.randrange(2, HEADER)] ^= 1 << rng.randrange(8)


def change_octet(rng: Rng, message: bytearray) -> None:
    """Put another octet in the place of one."""
    message[rng.randrange(len(message))] = rng.choice(
        (0, 1, 2, 63, 64, 128, 192, 255, rng.randrange(256))
    )


def cut(rng: Rng, message: bytearray) -> None:
    """Lose the end."""
    del message[rng.randrange(len(message)) :]


def insert(rng: Rng, message: bytearray) -> None:
    """Gain octets somewhere."""
    at = rng.randrange(len(message) + 1)
    message[at:at] = rng.randbytes(rng.choice((1, 1, 2, 11, 64)))


def delete(rng: Rng, message: bytearray) -> None:
    """Lose octets somewhere."""
    at = rng.randrange(len(message))
    del message[at : at + rng.choice((1, 1, 2, 4, 11))]


def append(rng: Rng, message: bytearray) -> None:
    """Gain octets at the end (fault W10)."""
    message += rng.randbytes(rng.choice((1, 2, 11, 64)))


def change_count(rng: Rng, message: bytearray) -> None:
    """Announce another number of questions or records (faults W4 to W9)."""
    at = rng.choice((4, 6, 6, 8, 10))
    count = int.from_bytes(message[at : at + 2])
    other = rng.choice((count + 1, count - 1, 0, 2, 65_535))
    message[at : at + 2] = u16(other % 65_536)


def move_count(rng: Rng, message: bytearray) -> None:
    """Shift the border between two sections."""
    a, b = rng.sample((6, 8, 10), 2)
    if message[a + 1] > 0 and message[b + 1] < 255:
        message[a + 1] -= 1
        message[b + 1] += 1


def point(rng: Rng, message: bytearray) -> None:
    """Write a pointer, or change where one goes (faults W19 to W25)."""
    pointers = [i for i in range(HEADER, len(message) - 1) if message[i] >= 0xC0]
    if pointers and rng.random() < 0.7:
        at = rng.choice(pointers)
    else:
        at = rng.randrange(len(message) - 1)
    target = rng.choice(
        (0, 4, 11, 12, 13, at, at + 2, max(at - 2, 0), rng.randrange(len(message)))
    )
    message[at : at + 2] = u16(0xC000 | target & 0x3FFF)


OCTETS: tuple[Callable[[Rng, bytearray], None], ...] = (
    flip_bit,
    flip_bit,
    flip_header_bit,
    change_octet,
    change_octet,
    cut,
    insert,
    delete,
    append,
    change_count,
    move_count,
    point,
    point,
    point,
)


def lie_about_length(rng: Rng, draft: Draft) -> None:
    """Say another RDLENGTH than it is (faults W13 to W17)."""
    records = [record for section in draft.sections for record in section]
    if records:
        record = rng.choice(records)
        record.length = rng.choice((0, 1, 2, 3, 4, 5, 15, 16, 17, 255, 65_535))


def resize_data(rng: Rng, draft: Draft) -> None:
    """Make RDATA shorter or longer, and RDLENGTH with it."""
    records = [record for section in draft.sections for record in section]
    if records:
        record = rng.choice(records)
        if rng.random() < 0.5:
            record.rdata = (*record.rdata, rng.randbytes(rng.randrange(1, 4)))
        else:
            record.rdata = record.rdata[:-1]


def swap_sections(rng: Rng, draft: Draft) -> None:
    """Exchange two sections."""
    a, b = rng.sample(("answer", "authority", "additional"), 2)
    first, second = getattr(draft, a), getattr(draft, b)
    setattr(draft, a, second)
    setattr(draft, b, first)


def repeat(rng: Rng, draft: Draft) -> None:
    """Say a section twice, or one record of it."""
    section = rng.choice(draft.sections)
    if section:
        section += section if rng.random() < 0.5 else [rng.choice(section)]


def reorder(rng: Rng, draft: Draft) -> None:
    """Say the records of a section in another order."""
    rng.shuffle(rng.choice(draft.sections))


def lose_record(rng: Rng, draft: Draft) -> None:
    """Leave a record out."""
    section = rng.choice(draft.sections)
    if section:
        del section[rng.randrange(len(section))]


def change_type(rng: Rng, draft: Draft) -> None:
    """Make a record one of another type with the same RDATA."""
    records = [record for section in draft.sections for record in section]
    if records:
        types = (1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 46, 250, 255)
        rng.choice(records).type = rng.choice(types)


def exchange_owner(rng: Rng, draft: Draft) -> None:
    """Give a record the owner of another, the root or the zone above."""
    records = [record for section in draft.sections for record in section]
    if records:
        record = rng.choice(records)
        record.owner = rng.choice((rng.choice(records).owner, (), draft.asked[1:]))


RECORDS: tuple[Callable[[Rng, Draft], None], ...] = (
    lie_about_length,
    lie_about_length,
    resize_data,
    swap_sections,
    repeat,
    reorder,
    lose_record,
    change_type,
    exchange_owner,
)


def change_records(rng: Rng, draft: Draft) -> Draft:
    """Return a draft with one change, now and then two or three."""
    changed = copy_of(draft)
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice(RECORDS)(rng, changed)
    return changed


def change_octets(rng: Rng, message: bytes) -> bytes:
    """Return a message with one change, now and then two or three."""
    changed = bytearray(message)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if len(changed) > HEADER:
            rng.choice(OCTETS)(rng, changed)
    return bytes(changed[:65_535])


def habits(rng: Rng) -> Habits:
    """Return how some server writes names."""
    return rng.choice(HABITS)


def family(rng: Rng, draft: Draft) -> list[bytes]:
    """Return a reply, as two servers would write it, and others that came of it."""
    sound = [encode(draft, habits(rng), rng) for _ in range(2)]
    changed = [encode(change_records(rng, draft), habits(rng), rng) for _ in range(3)]
    return [*sound, *changed, *(change_octets(rng, m) for m in sound + changed[:1])]
