# SPDX-License-Identifier: MIT
import itertools
import math
from collections import Counter

import pytest

from pymx import order


def test_lowest_preference_first():
    pairs = [(20, "c"), (5, "a"), (10, "b"), (65535, "e"), (0, "z")]
    assert order(pairs) == sorted(pairs)
    assert pairs[0] == (20, "c")


@pytest.mark.parametrize("pairs", [[], [(1, "a")]])
def test_nothing_to_order(pairs):
    assert order(pairs) == pairs
    assert order(pairs) is not pairs


def test_equals_keep_their_order_unshuffled():
    pairs = [(n % 3, n) for n in range(1000)]
    assert order(pairs, shuffle=False) == sorted(pairs, key=lambda pair: pair[0])
    assert order(pairs[:30], shuffle=False) == sorted(
        pairs[:30], key=lambda pair: pair[0]
    )


@pytest.mark.parametrize("count", [5, 32, 33, 1000])
def test_a_shuffle_loses_nothing(count):
    pairs = [(n % 4, object()) for n in range(count)]
    found = order(pairs)
    assert [pair[0] for pair in found] == sorted(n % 4 for n in range(count))
    assert set(map(id, found)) == set(map(id, pairs))


def test_any_iterable_of_any_pairs_gives_back_the_same_objects():
    class Pair:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return (15, "own", "sequence")[index]

    pairs = ((20, "tuple", "of three"), [10, "list"], Pair())
    for exchanges in (pairs, list(pairs), iter(pairs), (pair for pair in pairs)):
        found = order(exchanges)
        assert [id(pair) for pair in found] == [id(pairs[i]) for i in (1, 2, 0)]
    assert order({(2, "b"): None, (1, "a"): None}) == [(1, "a"), (2, "b")]


def test_whole_numbers_of_other_types_are_preferences():
    class Number:
        def __init__(self, value):
            self.value = value

        def __index__(self):
            return self.value

    pairs = [(Number(7), "b"), (3, "a")]
    assert order(pairs) == pairs[::-1]


def test_an_index_that_changes_the_list_meanwhile():
    pairs = []

    class Evil:
        def __index__(self):
            pairs.clear()
            return 1

    pairs += [(2, object()) for _ in range(20)]
    pairs.append((Evil(), "evil"))
    assert order(pairs)[0][1] == "evil"
    assert pairs == []


@pytest.mark.parametrize("preference", [-1, 65536, 2**63, -(2**63), 2**200])
@pytest.mark.parametrize("pad", [0, 40])
def test_a_preference_out_of_range_is_named(preference, pad):
    pairs = [(1, "a")] * pad + [(0, "b"), (preference, "c")]
    complaint = rf"exchanges\[{pad + 1}\]: preference {preference} is not within 0 to"
    with pytest.raises(ValueError, match=complaint):
        order(pairs)


@pytest.mark.parametrize(
    ("pair", "complaint"),
    [
        (("10", "a"), r"exchanges\[1\]: .* must be a whole number, not str"),
        ((1.0, "a"), r"exchanges\[1\]: .* must be a whole number, not float"),
        ((1,), r"exchanges\[1\] must be a pair .*, \(1,\) has 1"),
        ([], r"exchanges\[1\] must be a pair"),
        (5, r"exchanges\[1\] must be a pair .*, not int"),
        (None, r"exchanges\[1\] must be a pair .*, not NoneType"),
        ({1, 2}, r"exchanges\[1\] must be a pair .*, not set"),
    ],
)
def test_what_is_no_pair_is_named(pair, complaint):
    with pytest.raises(TypeError, match=complaint):
        order([(1, "a"), pair])


def test_errors_of_the_input_pass_through():
    def broken():
        yield (1, "a")
        raise LookupError

    class BadIndex:
        def __index__(self):
            raise LookupError

    with pytest.raises(LookupError):
        order(broken())
    with pytest.raises(LookupError):
        order([(BadIndex(), "a")])


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [((), {}), ((5,), {}), (([], 7), {}), (([],), {"sede": 7}), (([],), {"seed": "7"})],
)
def test_wrong_arguments(arguments, keywords):
    with pytest.raises(TypeError):
        order(*arguments, **keywords)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range(seed):
    with pytest.raises(ValueError, match=f"seed={seed}: .* 0 to 18446744073709551615"):
        order([], seed=seed)


def test_a_seed_decides():
    pairs = [(10, n) for n in range(20)]
    assert order(pairs, seed=7) == order(iter(pairs), seed=7)
    assert order(pairs, seed=7) != order(pairs, seed=8)
    assert order(pairs, seed=0) == order(pairs, seed=0)
    assert order(pairs, seed=7, shuffle=False) == pairs
    assert order(exchanges=pairs, seed=None, shuffle=False) == pairs


def test_a_seed_means_the_same_on_every_machine():
    found = order([(10, n) for n in range(10)], seed=2**64 - 1)
    assert [n for _, n in found] == [0, 7, 2, 1, 8, 3, 9, 4, 6, 5]


def chi_square(counts, cells):
    """Return how far counts are from uniform, in standard deviations of the measure."""
    expected = sum(counts.values()) / cells
    measure = sum((n - expected) ** 2 for n in counts.values()) / expected
    measure += (cells - len(counts)) * expected
    freedom = cells - 1
    return (measure - freedom) / math.sqrt(2 * freedom)


def test_every_order_of_equals_is_equally_likely():
    pairs = [(10, "a"), (10, "b"), (10, "c"), (10, "d")]
    counts = Counter(
        tuple(name for _, name in order(pairs, seed=seed)) for seed in range(48_000)
    )
    assert set(counts) == set(itertools.permutations("abcd"))
    assert abs(chi_square(counts, 24)) < 4


def test_levels_are_shuffled_each_by_itself():
    pairs = [(2, "c"), (1, "a"), (2, "d"), (1, "b"), (2, "e")]
    counts = Counter(
        "".join(name for _, name in order(pairs, seed=seed)) for seed in range(24_000)
    )
    expected = {
        "".join(best + worse)
        for best in itertools.permutations("ab")
        for worse in itertools.permutations("cde")
    }
    assert set(counts) == expected
    assert abs(chi_square(counts, 12)) < 4


def test_each_place_is_equally_likely_in_a_long_list():
    pairs = [(1, n) for n in range(40)]
    counts = Counter(order(pairs, seed=seed).index((1, 7)) for seed in range(20_000))
    assert abs(chi_square(counts, 40)) < 4


def test_without_a_seed_orders_differ():
    pairs = [(1, n) for n in range(40)]
    assert order(pairs) != order(pairs)


def test_fork_children_shuffle_differently(child):
    output = child(
        """
        import os
        import pymx
        pairs = [(1, n) for n in range(40)]
        pymx.order(pairs)
        for _ in range(3):
            if os.fork() == 0:
                print([n for _, n in pymx.order(pairs)], flush=True)
                os._exit(0)
            os.wait()
        print([n for _, n in pymx.order(pairs)])
        """
    )
    lines = output.splitlines()
    assert len(lines) == len(set(lines)) == 4
