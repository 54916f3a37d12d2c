/* Correlation of bytes by sixteen-bit integers, for kernels whose numbers repeat.
 *
 * Pixels of the same weight are added before they are weighed: a line or a disk has every number
 * twice or more often, sharpening has two in all. Sums of products have 8 bits after the point (7
 * where weights sum to more than 1); each product is cut to these, which half of the last place a
 * product makes up for. With at most MOST_GROUPS products the result is within 0.54 of the exact
 * one at worst; a typical error of the sums is 1/150 of a level.
 */
#include "taps.h"

#include "edges.h"
#include "words16.h"

#define MOST_TAPS 256
#define MOST_GROUPS 16
#define SIZES 4 /* groups of 8, 4, 2 and 1 */
#define BLOCK (2 * WORDS16)

typedef struct {
    int counts[2][SIZES];  /* of groups to add, then to take away, the largest first */
    int point;             /* bits after the point */
    u16 half;              /* for rounding, and what cutting has taken */
    int made, taps;
    float carried; /* rounding of the weights so far */
    words16 weights[MOST_GROUPS]; /* in units of 2^-16, the same in every lane */
    ptrdiff_t down[MOST_TAPS], right[MOST_TAPS]; /* of the taps, group by group */
} recipe;

/* Groups of `size` taps out of those that aren't `used` yet and have this sign; 0 if there are too
 * many. */
static int gather(const float *kernel, ptrdiff_t count, ptrdiff_t columns, ptrdiff_t channels,
                  int sign, int which, u8 *used, recipe *to) {
    const int size = 8 >> which;
    for (ptrdiff_t first = 0; first < count; first++) {
        if (used[first] || (kernel[first] < 0) != sign) continue;
        ptrdiff_t same[8];
        int found = 0;
        for (ptrdiff_t k = first; k < count && found < size; k++)
            if (kernel[k] == kernel[first] && !used[k]) same[found++] = k;
        if (found < size) continue;
        if (to->made == MOST_GROUPS) return 0;
        const float w = (sign ? -kernel[first] : kernel[first]) * (float)size;
        /* What rounding has added or taken goes to the next weight, so that the sum is right. */
        const float exact = w * (float)(1 << (8 + to->point)) - to->carried;
        const float kept = __builtin_elementwise_floor((exact < 65535 ? exact : 65535) + 0.5f);
        to->carried = kept > 0 ? kept - exact : 0;
        to->weights[to->made++] = (words16){0} + (u16)(kept > 0 ? kept : 0);
        to->counts[sign][which]++;
        for (int k = 0; k < size; k++) {
            used[same[k]] = 1;
            to->down[to->taps] = same[k] / columns;
            to->right[to->taps++] = same[k] % columns * channels;
        }
        first--; /* there may be more of it */
    }
    return 1;
}

static int understood(const float *kernel, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t channels,
                      recipe *to) {
    const ptrdiff_t count = rows * columns;
    float sums[2] = {0, 0};
    u8 used[MOST_TAPS];
    if (count > MOST_TAPS) return 0;
    for (ptrdiff_t k = 0; k < count; k++) {
        used[k] = kernel[k] == 0;
        sums[kernel[k] < 0] += kernel[k] < 0 ? -kernel[k] : kernel[k];
    }
    if (!(sums[0] < 2.0001f) || !(sums[1] < 1)) return 0;
    to->made = to->taps = 0;
    to->point = sums[0] < 1.0001f ? 8 : 7;
    memset(to->counts, 0, sizeof to->counts);
    for (int sign = 0; sign < 2; sign++) {
        to->carried = 0;
        for (int which = 0; which < SIZES; which++)
            if (!gather(kernel, count, columns, channels, sign, which, used, to)) return 0;
    }
    int products = 0; /* those added less those taken away: each is cut by a half on average */
    for (int k = 0; k < SIZES; k++) products += to->counts[0][k] - to->counts[1][k];
    to->half = (u16)((1 << (to->point - 1)) + products / 2);
    return 1;
}

/* The sum of `size` pixels, with as many bits after the point as there is room for. */
INLINE words16 together(const u8 *const *taps, int size, ptrdiff_t i) {
    words16 sum = bytes_as_words(taps[0] + i);
    for (int k = 1; k < size; k++) sum += bytes_as_words(taps[k] + i);
    return sum << (u16)(size == 1 ? 8 : size == 2 ? 7 : size == 4 ? 6 : 5);
}

#define WEIGH(COUNT, SIZE)                                                                           \
    for (int g = 0; g < (COUNT); g++, *taps += (SIZE), (*weights)++) {                               \
        *a += upper_product(together(*taps, SIZE, i), **weights);                                    \
        *b += upper_product(together(*taps, SIZE, i + WORDS16), **weights);                          \
    }

/* Weighted sums of two vectors. */
INLINE void weigh(const u8 *const **taps, const int *counts, ptrdiff_t i, const words16 **weights,
                  words16 *a, words16 *b) {
    WEIGH(counts[0], 8)
    WEIGH(counts[1], 4)
    WEIGH(counts[2], 2)
    WEIGH(counts[3], 1)
}

/* A row of at least BLOCK values, or room for them. */
static void one_row(const u8 *const *taps, const recipe *how, ptrdiff_t values, u8 low, u8 high,
                    u8 *out) {
    const words16 top = (words16){0} + (u16)255;
    for (ptrdiff_t i = 0; i < values;
         i = i + BLOCK < values && i + 2 * BLOCK > values ? values - BLOCK : i + BLOCK) {
        const u8 *const *tap = taps;
        const words16 *weight = how->weights;
        words16 a = (words16){0} + how->half, b = a, c = {0}, d = {0};
        weigh(&tap, how->counts[0], i, &weight, &a, &b);
        weigh(&tap, how->counts[1], i, &weight, &c, &d);
        a = __builtin_elementwise_sub_sat(a, c) >> (u16)how->point;
        b = __builtin_elementwise_sub_sat(b, d) >> (u16)how->point;
        put_bytes(__builtin_elementwise_min(a, top), low, high, out + i);
        put_bytes(__builtin_elementwise_min(b, top), low, high, out + i + WORDS16);
    }
}

int correlate_words(const u8 *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                    const float *kernel, ptrdiff_t rows, ptrdiff_t columns, float low, float high,
                    u8 *scratch, u8 *dst) {
    const ptrdiff_t values = width * channels, padded = (width + columns) * channels + BLOCK;
    const ptrdiff_t up = rows / 2, side = columns / 2;
    const u8 *taps[MOST_TAPS];
    u8 aside[BLOCK];
    recipe how;
    if (!understood(kernel, rows, columns, channels, &how)) return 0;
    for (ptrdiff_t y = -2 * up; y < height; y++) {
        /* A ring of rows: that of y + up replaces the one no longer needed. */
        const ptrdiff_t oldest = (y + 2 * up + 1) % rows, fresh = (y + 2 * up) % rows;
        u8 *row = scratch + fresh * padded + side * channels;
        memcpy(row, src + mirrored(y + up, height) * values, (size_t)values);
        EXTEND(row, width, channels, side, mirrored);
        if (y < 0) continue;
        for (int t = 0; t < how.taps; t++) {
            const ptrdiff_t slot = oldest + how.down[t];
            taps[t] = scratch + (slot < rows ? slot : slot - rows) * padded + how.right[t];
        }
        u8 *to = dst + y * values;
        one_row(taps, &how, values, (u8)low, (u8)high, values < BLOCK ? aside : to);
        if (values < BLOCK) memcpy(to, aside, (size_t)values);
    }
    return 1;
}
