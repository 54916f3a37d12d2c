/* Smoothing of bytes by sixteen-bit integers: 32 values in the widest vector, no conversions.
 *
 * Between the passes a value has 8 bits after the point. Every product is cut to these, which its
 * pass makes up for by adding half of their last place a product. So the result is within 0.5 and
 * (3 + 2 reach) / 512 of the exact one at worst; a typical error of the sums is 1/200 of a level.
 */
#include "smooth.h"

#include "edges.h"
#include "words16.h"

/* Rows 0 to 2 * reach of bytes to one of 8.8 bits; weights (units of 2^-16) from the middle one
 * outwards, those of the others doubled. */
INLINE void down(const u8 *const *rows, int reach, const u16 *w, ptrdiff_t values, u16 *out) {
    words16 weights[SMOOTH_REACH + 1];
    for (int j = 0; j <= reach; j++) weights[j] = (words16){0} + w[j];
    FOR_EACH_VECTOR(i, values) {
        words16 sum = upper_product(bytes_as_words(rows[reach] + i) << 8, weights[0]);
        sum += (u16)((reach + 1) / 2);
        for (int j = 1; j <= reach; j++) {
            const words16 both = bytes_as_words(rows[reach - j] + i) + bytes_as_words(rows[reach + j] + i);
            sum += upper_product(both << 7, weights[j]);
        }
        memcpy(out + i, &sum, sizeof sum);
    }
}

/* Along such a row, and back to bytes. */
INLINE void along(const u16 *row, int reach, const u16 *w, ptrdiff_t step, ptrdiff_t values, u8 low,
                  u8 high, u8 *out) {
    words16 weights[SMOOTH_REACH + 1];
    for (int j = 0; j <= reach; j++) weights[j] = (words16){0} + w[j];
    FOR_EACH_VECTOR(i, values) {
        words16 sum = upper_product(get_words(row + i), weights[0]);
        sum += (u16)((reach + 1) / 2 + 128);
        for (int j = 1; j <= reach; j++) {
            const words16 mean = mean_of(get_words(row + i - j * step), get_words(row + i + j * step));
            sum += upper_product(mean, weights[j]);
        }
        put_bytes(sum >> 8, low, high, out + i);
    }
}

#define CASE(REACH)                                                                                  \
    case REACH: {                                                                                    \
        const u8 *fixed[2 * REACH + 1];                                                              \
        for (int k = 0; k < 2 * REACH + 1; k++) fixed[k] = rows[k];                                  \
        down(fixed, REACH, w + SMOOTH_REACH + 1, values, mid);                                       \
        EXTEND(mid, width, channels, REACH, mirrored);                                               \
        along(mid, REACH, w, channels, values, low, high, to);                                       \
        break;                                                                                       \
    }

static void one_row(const u8 *const *rows, ptrdiff_t reach, const u16 *w, ptrdiff_t width,
                    ptrdiff_t channels, u8 low, u8 high, u16 *mid, u8 *to) {
    const ptrdiff_t values = width * channels;
    switch (reach) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
    }
}

/* The same for rows shorter than a vector: in room enough for one. */
static void short_row(const u8 *const *rows, ptrdiff_t reach, const u16 *w, ptrdiff_t width,
                      ptrdiff_t channels, u8 low, u8 high, u16 *mid, u8 *to) {
    u8 aside[2 * SMOOTH_REACH + 1][WORDS16], out[WORDS16];
    const u8 *there[2 * SMOOTH_REACH + 1];
    for (ptrdiff_t k = 0; k < 2 * reach + 1; k++) {
        memset(aside[k], 0, WORDS16);
        memcpy(aside[k], rows[k], (size_t)(width * channels));
        there[k] = aside[k];
    }
    one_row(there, reach, w, width, channels, low, high, mid, out);
    memcpy(to, out, (size_t)(width * channels));
}

/* Factors as weights in units of 2^-16 that sum to 1; 0 if they aren't of the kind. */
static int weights_of(const float *factors, ptrdiff_t reach, u16 *w) {
    float sum = factors[reach];
    int32_t rest = 65536;
    for (ptrdiff_t j = 1; j <= reach; j++) {
        const float f = factors[reach + j];
        if (factors[reach - j] != f || !(f >= 0)) return 0;
        sum += 2 * f;
        w[j] = (u16)(f < 0.49f ? f * 131072 + 0.5f : 0);
        rest -= w[j];
    }
    if (!(sum > 0.9999f && sum < 1.0001f) || rest < 0) return 0;
    w[0] = (u16)(rest < 65535 ? rest : 65535);
    return factors[reach] >= 0;
}

int smooth_u8(const u8 *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
              const float *factors, ptrdiff_t size, float low, float high, u16 *scratch, u8 *dst) {
    const ptrdiff_t values = width * channels, reach = size / 2;
    u16 w[2 * (SMOOTH_REACH + 1)];
    if (reach < 1 || reach > SMOOTH_REACH || !weights_of(factors, reach, w)) return 0;
    if (!weights_of(factors + size, reach, w + SMOOTH_REACH + 1)) return 0;
    for (ptrdiff_t y = 0; y < height; y++) {
        const u8 *rows[2 * SMOOTH_REACH + 1];
        for (ptrdiff_t k = 0; k < size; k++)
            rows[k] = src + mirrored(y + k - reach, height) * values;
        (values < WORDS16 ? short_row : one_row)(rows, reach, w, width, channels, (u8)low, (u8)high,
                                                 scratch + reach * channels, dst + y * values);
    }
    return 1;
}
