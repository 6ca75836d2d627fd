"""Every metric, with numbers worked out by hand."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from evals.metrics.abstention import abstention_precision, abstention_recall, auroc
from evals.metrics.budget import hit_within
from evals.metrics.citations import citation_precision, citation_recall
from evals.metrics.consistency import consistency
from evals.metrics.correctness import is_correct
from evals.metrics.exact_match import exact_match
from evals.metrics.latency import percentile
from evals.metrics.mcnemar import mcnemar
from evals.metrics.mrr import reciprocal_rank
from evals.metrics.ndcg import ndcg_at_k
from evals.metrics.normalize import answer_tokens
from evals.metrics.offsets import exact_offsets
from evals.metrics.recall import hit_at_k
from evals.metrics.token_f1 import token_f1
from evals.metrics.truth import is_true
from evals.metrics.wilson import wilson

RANKINGS = [list(flags) for length in range(6) for flags in itertools.product([False, True], repeat=length)]
PRICE = "The headset costs 1,299 dollars, weighs 515 grams and lost 5.5% of its price."
META_ZH = "Meta 计划在2024年底前购买35万块H100显卡。"


def test_wilson_of_half() -> None:
    # 5 of 10: z² = 3.8415; centre = (.5 + .19207) / 1.38415 = .5; margin = 1.96 √(.025 + .0096037) / 1.38415 = .26341
    assert wilson(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-5)


def test_wilson_at_the_ends() -> None:
    # 0 of 10: centre = margin = .19207 / 1.38415 = .13877, so 0 to .27753; 10 of 10 mirrors it
    assert wilson(0, 10) == pytest.approx((0, 0.27753), abs=1e-5)
    assert wilson(10, 10) == pytest.approx((0.72247, 1), abs=1e-5)
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize("n", [1, 2, 7, 100, 963])
def test_wilson_holds_the_share_and_mirrors(n: int) -> None:
    for successes in range(n + 1):
        low, high = wilson(successes, n)
        assert 0 <= low <= successes / n <= high <= 1
        assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low))


def test_hit_at_k() -> None:
    ranking = [False, False, True]
    assert [hit_at_k(ranking, k) for k in (-1, 0, 1, 2, 3, 9)] == [False, False, False, False, True, True]
    assert not hit_at_k([], 5)


def test_hit_within_a_budget() -> None:
    # 100, 100 + 50 = 150, 150 + 30 = 180
    ranking, tokens = [False, False, True], [100, 50, 30]
    assert hit_within(ranking, tokens, 180)
    assert not hit_within(ranking, tokens, 179)
    # the second would exceed 120 and ends it, though the third alone would fit beside the first: 130 > 120, 100 + 20
    assert not hit_within([False, False, True], [100, 30, 20], 120)
    assert not hit_within([], [], 100)


def test_hit_within_needs_a_count_for_each() -> None:
    with pytest.raises(ValueError, match="shorter"):
        hit_within([False, False], [1], 10)


def test_hit_within_is_hit_at_k_where_all_cost_the_same() -> None:
    for ranking, k in itertools.product(RANKINGS, range(6)):
        assert hit_within(ranking, [1] * len(ranking), k) == hit_at_k(ranking, k)


def test_reciprocal_rank() -> None:
    assert reciprocal_rank([True, False, True]) == 1
    assert reciprocal_rank([False, False, True, True]) == pytest.approx(1 / 3)
    assert reciprocal_rank([False, False]) == reciprocal_rank([]) == 0


def test_ndcg() -> None:
    # ranks 1 and 3: DCG = 1/log2(2) + 1/log2(4) = 1.5; ideal of 2: 1 + 1/log2(3) = 1 + .63093; 1.5 / 1.63093 = .91972
    assert ndcg_at_k([True, False, True], 2, 3) == pytest.approx(0.91972, abs=1e-5)
    # one of 3 found, at rank 2: .63093; ideal of 3: 1 + .63093 + .5 = 2.13093; .29608
    assert ndcg_at_k([False, True, False], 3, 3) == pytest.approx(0.29608, abs=1e-5)
    # the same at k = 1: nothing found; at k = 2 the ideal is cut to 2: .63093 / 1.63093 = .38685
    assert ndcg_at_k([False, True, False], 3, 1) == 0
    assert ndcg_at_k([False, True, False], 3, 2) == pytest.approx(0.38685, abs=1e-5)


def test_ndcg_where_more_is_found_than_there_is() -> None:
    # one passage, in two chunks: at ranks 1 and 2 ideal; at 1 and 3 the .91972 of above
    assert ndcg_at_k([True, True, False], 1, 3) == 1
    assert ndcg_at_k([True, False, True], 1, 3) == pytest.approx(0.91972, abs=1e-5)


def test_ndcg_is_between_0_and_1() -> None:
    for ranking, total, k in itertools.product(RANKINGS, range(4), range(7)):
        score = ndcg_at_k(ranking, total, k)
        assert 0 <= score <= 1
        assert (score > 0) == (total > 0 and hit_at_k(ranking, k))


def test_correct_holds_every_group() -> None:
    groups = [["two hours", "2 hours", "zwei Stunden"], ["William Cho"]]
    assert is_correct(["William  Cho spent TWO HOURS there."], groups)
    assert is_correct(["William Cho spoke.", "Es dauerte zwei Stunden."], groups)
    assert not is_correct(["It took two hours."], groups)
    assert not is_correct(["William Cho took 12 hours."], groups)  # the number 12 does not hold the number 2
    assert not is_correct([], groups)
    assert not is_correct(["William Cho"], [])


def test_no_alternative_is_put_together_from_two_texts() -> None:
    assert not is_correct(["There were 20", "25 came later"], [["2025"]])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The Eiffel Tower's a «tower».", ["eiffel", "towers", "tower"]),
        ("Theatre, an anthem", ["theatre", "anthem"]),
        ("两个小时，共35 万", ["两", "个", "小", "时", "共", "35", "万"]),
        ("H100显卡", ["h100", "显", "卡"]),
        ("1,299 $", ["1299"]),
        ("Größe STRASSE", ["grösse", "strasse"]),
        ("die Stunde, la tour", ["die", "stunde", "la", "tour"]),
        ("Ein-Stunden-Gespräch", ["einstundengespräch"]),
        ("하루 종일", ["하루", "종일"]),
        ("the … a!", []),
    ],
)
def test_answer_tokens(text: str, tokens: list[str]) -> None:
    assert answer_tokens(text) == tokens


def test_token_f1() -> None:
    # tokens: cho spent two hours / two hours; shared 2; P = 2/4, R = 2/2; F1 = 2 · .5 · 1 / 1.5 = 2/3
    assert token_f1("Cho spent two hours.", ["the two hours"]) == pytest.approx(2 / 3)
    # the best of the references: against "Cho spent two days" 3 of 4 and 3 of 4, F1 = 3/4
    assert token_f1("Cho spent two hours.", ["two hours", "Cho spent two days"]) == pytest.approx(3 / 4)
    # a word counts as often as the other has it: shared 1; P = 1/3, R = 1/2; F1 = (2 · 1/6) / (5/6) = .4
    assert token_f1("ha ha ha", ["ha so"]) == pytest.approx(0.4)
    # 两 个 小 时 / 两 小 时: shared 3; P = 3/4, R = 1; F1 = 1.5 / 1.75 = 6/7
    assert token_f1("两个小时", ["两小时。"]) == pytest.approx(6 / 7)


def test_token_f1_of_nothing() -> None:
    assert token_f1("", ["two hours"]) == token_f1("two hours", [""]) == token_f1("two hours", []) == 0
    assert token_f1("…", ["The"]) == 1


def test_exact_match() -> None:
    assert exact_match("The TWO hours!", ["a day", "two hours"])
    assert exact_match("两 个小时", ["两个小时。"])
    assert not exact_match("hours two", ["two hours"])
    assert not exact_match("two hours", [])


def test_exact_match_has_f1_1() -> None:
    texts = ["two hours", "The two hours.", "hours two", "两个小时", "", "a"]
    for text, reference in itertools.product(texts, texts):
        score = token_f1(text, [reference])
        assert 0 <= score <= 1
        assert score == token_f1(reference, [text])
        assert score == 1 or not exact_match(text, [reference])


def test_citation_recall() -> None:
    # 2 of 3 sentences
    assert citation_recall([True, False, True]) == pytest.approx(2 / 3)
    assert citation_recall([]) is None


def test_citation_precision() -> None:
    sentences = [
        (True, [(True, True), (True, True)]),  # each suffices alone: both precise
        (True, [(False, False), (False, False)]),  # only together: both precise
        (True, [(True, False), (False, True)]),  # the second adds nothing: precise, not precise
        (False, [(False, False)]),  # not supported: not precise
        (False, []),
    ]
    # 2 + 2 + 1 of 2 + 2 + 2 + 1 = 5/7
    assert citation_precision(sentences) == pytest.approx(5 / 7)
    assert citation_precision([(False, [])]) is None
    assert citation_precision([]) is None


def test_exact_offsets() -> None:
    text = "Größe 😀 两个小时"  # G0 r1 ö2 ß3 e4 _5 😀6 _7 两8 个9 小10 时11
    spans = [(0, 5, "Größe"), (6, 7, "😀"), (8, 12, "两个小时"), (8, 11, "两个小时"), (0, 5, "größe"), (3, 3, "")]
    assert exact_offsets(spans, text) == [True, True, True, False, False, False]
    assert exact_offsets([(-4, 12, "两个小时"), (8, 99, "两个小时")], text) == [False, True]
    assert exact_offsets([], text) == []


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        (PRICE, PRICE),
        ("“the headset  COSTS 1,299 dollars”.", PRICE),
        ("weighs\n515 grams", PRICE),
        ("lost 5.5%", PRICE),
        ("Meta计划在2024年底前购买35万块H100 显卡", META_ZH),
        ("计划在2024年底前购买35万块", META_ZH),
        ("H100显卡。", META_ZH),
    ],
)
def test_true_word_for_word(sentence: str, quote: str) -> None:
    assert is_true(sentence, ["Something else.", quote], [], answerable=False)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The headset weighs 515 grams.", PRICE),  # words left out
        ("The headset costs 1", PRICE),  # numbers cut
        ("299 dollars", PRICE),
        ("15 grams", PRICE),
        ("5% of its price", PRICE),
        ("lost 5.5", "It lost 5.55 points."),
        ("eighs 515 grams", PRICE),  # words cut
        ("weighs 515 gram", PRICE),
        ("24年底前购买35万块H100显卡", META_ZH),
        ("年底前购买35万块H100显卡", META_ZH),
        ("It rose 5%.", "It rose 5 points."),  # the sign is no mere punctuation
        ("-5 degrees", "It was 5 degrees."),
        ("...", PRICE),  # no words at all
        ("", PRICE),
        ("Anything", ""),
    ],
)
def test_not_true_word_for_word(sentence: str, quote: str) -> None:
    assert not is_true(sentence, [quote], [], answerable=True)


def test_true_by_the_golden_answer() -> None:
    answers = [["515 grams", "515 g"], ["headset"]]
    assert is_true("The headset has a weight of 515 grams.", [], answers, answerable=True)
    assert is_true("At 1,299 dollars, the headset has 515 grams.", [PRICE], answers, answerable=True)  # 1 and 299
    assert not is_true("At 1,399 dollars, the headset has 515 grams.", [PRICE], answers, answerable=True)  # 399
    assert not is_true("At 1299 dollars, the headset has 515 grams.", [PRICE], answers, answerable=True)  # 1299
    assert not is_true("It weighs as much as 515 grams.", [PRICE], answers, answerable=True)  # a group is missing
    assert not is_true("The headset has a weight of 515 grams.", [PRICE], answers, answerable=False)
    assert not is_true("The headset is a thing.", [PRICE], [], answerable=True)


def test_abstention() -> None:
    # (answerable, abstained): abstained on 3, of which 2 unanswerable: 2/3; of 4 unanswerable 2 abstained on: 2/4
    rows = [(True, True), (True, False), *[(False, True)] * 2, *[(False, False)] * 2]
    assert abstention_precision(rows) == pytest.approx(2 / 3)
    assert abstention_recall(rows) == 0.5


def test_abstention_of_nothing() -> None:
    assert abstention_precision([(True, False), (False, False)]) is None
    assert abstention_recall([(True, False), (True, True)]) is None
    assert abstention_precision([]) is abstention_recall([]) is None


def test_auroc() -> None:
    # pairs: .9 above .5 and .4; .5 level with .5 (half) and above .4; .3 below both: (2 + 1.5 + 0) / 6
    assert auroc([0.9, 0.5, 0.3], [0.5, 0.4]) == pytest.approx(3.5 / 6)
    assert auroc([2, 3], [0, 1]) == 1
    assert auroc([0, 1], [2, 3]) == 0
    assert auroc([0.7] * 3, [0.7] * 5) == 0.5
    assert auroc([], [1]) is None
    assert auroc([1], []) is None


def test_auroc_counts_pairs() -> None:
    chance = random.Random(7)
    for _ in range(50):
        positives = [chance.randrange(5) for _ in range(chance.randrange(1, 9))]
        negatives = [chance.randrange(5) for _ in range(chance.randrange(1, 9))]
        pairs = [(p > n) + (p == n) / 2 for p, n in itertools.product(positives, negatives)]
        area, mirrored = auroc(positives, negatives), auroc(negatives, positives)
        assert area == pytest.approx(sum(pairs) / len(pairs))
        assert area is not None
        assert mirrored == pytest.approx(1 - area)


def test_consistency() -> None:
    # of 4 facts: right in all languages 1, same outcome in all 2; a fact of one language is left out
    facts = [[True, True, True], [True, False], [False, False], [False, True, True], [True]]
    assert consistency(facts) == (0.25, 0.5)
    assert consistency([]) is consistency([[True], []]) is None


def test_consistency_is_between_0_and_1() -> None:
    for facts in itertools.combinations([[True, True], [True, False], [False, False]], 2):
        found = consistency(facts)
        assert found is not None
        assert 0 <= found[0] <= found[1] <= 1


def test_percentile() -> None:
    # sorted 1 2 3 4: the 50th at position 1.5: 2.5; the 95th at 2.85: 3 + .85 · 1
    values = [4, 1, 3, 2]
    assert percentile(values, 50) == 2.5
    assert percentile(values, 95) == pytest.approx(3.85)
    assert (percentile(values, 0), percentile(values, 100)) == (1, 4)
    assert percentile([7.5], 95) == 7.5
    assert percentile([], 50) is None
    assert values == [4, 1, 3, 2]


def test_percentile_never_falls() -> None:
    chance = random.Random(7)
    values = [chance.random() for _ in range(13)]
    found = [percentile(values, q) or math.nan for q in range(101)]
    assert found == sorted(found)
    assert min(values) <= found[0] <= found[-1] <= max(values)


@pytest.mark.parametrize("q", [-1, 100.5, math.nan])
def test_percentile_is_of_a_hundred(q: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 100"):
        percentile([1, 2], q)


def test_mcnemar() -> None:
    # 1 worse, 5 better: 2 (C(6, 0) + C(6, 1)) / 2⁶ = 2 · 7 / 64 = .21875
    assert mcnemar(1, 5) == 0.21875
    # 0 and 6: 2 / 64; 2 and 2: 2 (1 + 4 + 6) / 16 > 1
    assert mcnemar(0, 6) == 0.03125
    assert mcnemar(2, 2) == mcnemar(0, 0) == mcnemar(0, 1) == 1


def test_mcnemar_is_symmetric() -> None:
    for worse, better in itertools.product(range(12), repeat=2):
        assert 0 < mcnemar(worse, better) == mcnemar(better, worse) <= 1
    assert 0 < mcnemar(300, 700) < 1e-30
