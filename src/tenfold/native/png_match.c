/* Repetitions, found with one look each: the byte before, the row above, and where the same four
 * to eight bytes were seen last. A match is taken where it costs fewer bits than its literals. */
#include "png.h"

/* Costs are in sixteenths of a bit. */
#define LEAST_COST 16      /* of a literal: Huffman codes have one bit at least */
#define MATCH_COST 160     /* at distance 1; one bit more for each doubling of it */
#define NEAR_COST 140      /* of four literals: then a match of four nearby is thought to pay */
#define FAR_COST 260       /* and one from the table */
#define CHEAP 64           /* mean cost of literals below which most matches don't pay */
#define SAMPLE 1024        /* of 4096 bytes, to estimate costs */
#define GOOD 16            /* bytes of a run after which nothing better is looked for */
#define DENSE 4            /* bytes of a match that go into the table one by one... */
#define SPARSE 8           /* ...and then one of so many, of a run not more than RUN */
#define RUN 16
#define LONGEST_STEP 64    /* bytes between looks where there is nothing to be found */
#define MOST_MISSES 1024

/* log2 in sixteenths, by a straight line between powers of two. */
INLINE u32 log16(u32 value) {
    const unsigned k = highest(value);
    return k * 16 + (u32)(((u64)value << 4 >> k) & 15);
}

/* From a sample of the block's bytes, as if all were literals; returns their mean. */
static u32 set_costs(Deflate *state, const u8 *data, ptrdiff_t size) {
    u32 counts[256] = {0}, all = 0;
    const ptrdiff_t stride = size < 4 * SAMPLE ? SAMPLE : 4 * SAMPLE;
    for (ptrdiff_t i = 0; i < size; i += stride) {
        const ptrdiff_t piece = size - i < SAMPLE ? size - i : SAMPLE;
        png_count(counts, data + i, piece);
        all += (u32)piece;
    }
    const u32 whole = log16(all);
    u64 sum = 0;
    for (int i = 0; i < 256; i++) {
        const u32 cost = counts[i] ? whole - log16(counts[i]) : 15 * 16;
        state->cost[i] = (u8)(cost < LEAST_COST ? LEAST_COST : cost);
        sum += (u64)state->cost[i] * counts[i];
    }
    return (u32)(sum / all) + 1;
}

/* Four bytes can pay where they are dear; elsewhere it takes eight. */
INLINE u64 least_mask(const Deflate *state, u64 word, u32 price) {
    const u8 *cost = state->cost;
    const u32 four = cost[word & 255] + cost[word >> 8 & 255] + cost[word >> 16 & 255] +
                     cost[word >> 24 & 255];
    return four >= price ? 0xffffffff : ~0ull;
}

/* Where the table says at which byte of the stream such a word was seen last. */
INLINE u32 *place(Deflate *state, u64 word) {
    return state->heads + ((word & least_mask(state, word, FAR_COST)) * HASH >> state->shift);
}

INLINE ptrdiff_t same(const u8 *a, const u8 *b, const u8 *end) {
    const u8 *const start = a;
    for (; a + 8 <= end; a += 8, b += 8) {
        const u64 differ = load64(a) ^ load64(b);
        if (differ) return a - start + (__builtin_ctzll(differ) >> 3);
    }
    while (a < end && *a == *b) a++, b++;
    return a - start;
}

/* Eight literals are looked at; the others of a match count as a quarter of the mean: long ones
 * lie where literals are cheap. p has eight bytes at least. */
INLINE int saved(const u8 *cost, u32 mean, const u8 *p, ptrdiff_t length, ptrdiff_t distance) {
    int sum = -(MATCH_COST + 16 * (int)highest((u32)distance));
    for (int i = 0; i < 4; i++) sum += cost[p[i]];
    for (int i = 4; i < 8; i++) sum += cost[p[i]] & -(int)(length > i);
    const int others = length > 8 ? length < 4096 ? (int)length - 8 : 4096 : 0;
    return sum + others * (int)(mean / 4);
}

typedef struct {
    ptrdiff_t length, distance, score;
} Match;

/* Look `distance` back for the bytes under `mask` of `here`, and keep the better match. */
INLINE void look(Match *best, const u8 *p, const u8 *end, ptrdiff_t behind, ptrdiff_t distance,
                 u64 here, u64 mask) {
    if (distance < 1 || distance > behind || ((load64(p - distance) ^ here) & mask)) return;
    const ptrdiff_t length = same(p, p - distance, end);
    const ptrdiff_t score = 2 * length - (ptrdiff_t)highest((u32)distance);
    if (!best->length || score > best->score) *best = (Match){length, distance, score};
}

INLINE Sequence *emit(Sequence *out, u32 literals, ptrdiff_t length, ptrdiff_t distance) {
    while (length) {
        ptrdiff_t piece = length > 258 ? 258 : length;
        if (length - piece && length - piece < 3) piece = length - 3;
        *out++ = (Sequence){literals, (u16)piece, (u16)distance};
        literals = 0;
        length -= piece;
    }
    return out;
}

void png_match(Deflate *state, const u8 *data, ptrdiff_t size, ptrdiff_t before, u32 position,
               ptrdiff_t above, Sequence *out) {
    const u8 *const end = data + size, *const start = data - before;
    const u8 *p = data, *anchor = data;
    const u32 mean = set_costs(state, data, size);
    /* Where literals are cheap, what doesn't pay counts as many misses, and little gains little. */
    const u32 strike = mean < CHEAP ? 8 : 0, ease = mean < CHEAP ? 2 : 0;
    u32 misses = 0;
    while (p + 8 <= end) {
        const u64 here = load64(p);
        const u64 near = least_mask(state, here, NEAR_COST);
        const u64 wide = least_mask(state, here, FAR_COST);
        const u32 at = position + (u32)(p - data);
        u32 *const head = place(state, here);
        const ptrdiff_t behind = p - start < WINDOW ? p - start : WINDOW;
        const ptrdiff_t seen = at - *head;
        *head = at;
        Match best = {0};
        look(&best, p, end, behind, 1, here, near);
        if (best.length < GOOD) {
            look(&best, p, end, behind, above, here, near);
            look(&best, p, end, behind, seen, here, wide);
        }
        const ptrdiff_t length = best.length, distance = best.distance;
        const int gain = length ? saved(state->cost, mean, p, length, distance) : 0;
        if (gain <= 0) {
            const u32 step = 1 + (misses >> 4);
            p += step < LONGEST_STEP ? step : LONGEST_STEP;
            misses += length ? 1 + strike : 1;
            misses = misses < MOST_MISSES ? misses : MOST_MISSES;
            continue;
        }
        const u32 relief = (u32)gain >> ease;
        misses = misses > relief ? misses - relief : 0;
        const ptrdiff_t some = distance == 1 && length > RUN ? RUN : length;
        for (const u8 *q = p + 1; q < p + some && q + 8 <= end; q += q - p < DENSE ? 1 : SPARSE)
            *place(state, load64(q)) = position + (u32)(q - data);
        const u8 *const after = p + length;
        while (p > anchor && p - distance > start && p[-1] == p[-1 - distance]) p--;
        out = emit(out, (u32)(p - anchor), after - p, distance);
        anchor = p = after;
    }
    *out = (Sequence){(u32)(end - anchor), 0, 0};
}
