/* Normal noise on bytes by 16-bit integers: levels with 7 bits after the point.
 *
 * The product of number and strength is cut to these, which is as much too low on average as the
 * rounding of sums that have so few bits is too high. Strong noise has fewer bits and is doubled until it has its size or is beyond black and white.
 */
#include <string.h>

#include "random.h"
#include "words16.h"

#define POINT 7
#define WIDEST 4 /* channels up to which shared noise goes through the vectors */
#define MOST_DOUBLINGS 8

typedef struct {
    int16_t spread; /* levels a unit of z, in units of 2^-23 * 2^doublings */
    u16 slope;      /* the same a level above black, in units of 2^-31 * 2^doublings */
    int doublings;
    u8 low, high;
} strength;

static strength strength_of(float spread, float slope, float low, float high) {
    float most = spread + slope * (high - low);
    strength s = {.low = (u8)low, .high = (u8)high};
    float unit = 0x1p23f / NORMAL16;
    for (; s.doublings < MOST_DOUBLINGS && most * unit > 32767; s.doublings++) unit *= 0.5f;
    const float a = spread * unit + 0.5f, b = slope * unit * 256 + 0.5f;
    s.spread = (int16_t)(a < 32767 ? a : 32767);
    s.slope = (u16)(b < 32767 ? b : 32767);
    return s;
}

/* Levels in units of 2^-POINT, for one vector. */
INLINE shorts16 noise_of(const int16_t *z, words16 x, const strength *s) {
    words16 factor = (words16){0} + (u16)s->spread;
    if (s->slope) {
        const words16 above = __builtin_elementwise_sub_sat(x, (words16){0} + (u16)s->low);
        factor += upper_product(above << 8, (words16){0} + s->slope);
    }
    shorts16 n = (shorts16)signed_upper_product(get_words((const u16 *)z), factor);
    for (int k = 0; k < s->doublings; k++) n = __builtin_elementwise_add_sat(n, n);
    return n;
}

INLINE void add_chunk(const u8 *src, const int16_t *z, const strength *s, u8 *dst) {
    const shorts16 half = (shorts16){0} + (1 << (POINT - 1)), black = {0};
    for (int i = 0; i < CHUNK; i += WORDS16) {
        const words16 x = bytes_as_words(src + i);
        const shorts16 n = noise_of(z + i, x, s), exact = (shorts16)(x << POINT);
        shorts16 y = __builtin_elementwise_add_sat(exact, n);
        y = __builtin_elementwise_add_sat(y, half) >> POINT;
        y = __builtin_elementwise_max(y, black);
        put_bytes((words16)y, s->low, s->high, dst + i);
    }
}

static void add(const u8 *src, const int16_t *z, ptrdiff_t count, const strength *s, u8 *dst) {
    u8 aside[CHUNK];
    if (count < CHUNK) {
        memset(aside, 0, CHUNK);
        memcpy(aside, src, (size_t)count);
        add_chunk(aside, z, s, aside);
        memcpy(dst, aside, (size_t)count);
    } else if (s->slope == 0 && s->doublings == 0) {
        const strength plain = {.spread = s->spread, .low = s->low, .high = s->high};
        add_chunk(src, z, &plain, dst);
    } else {
        add_chunk(src, z, s, dst);
    }
}

/* z for every value instead of every pixel. */
INLINE void spread_out(const int16_t *restrict z, int channels, int16_t *restrict out) {
    for (int i = 0; i < CHUNK; i++)
        for (int c = 0; c < channels; c++) out[i * channels + c] = z[i];
}

static void for_each_value(const int16_t *z, ptrdiff_t channels, int16_t *out) {
    if (channels == 2) spread_out(z, 2, out);
    else if (channels == 3) spread_out(z, 3, out);
    else spread_out(z, 4, out);
}

EXPORT void normal_noise_u8(
    const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, int shared, u64 seed, float spread,
    float slope, float low, float high, u8 *dst
) {
    int16_t z[CHUNK], wide[CHUNK * WIDEST];
    const strength s = strength_of(spread, slope, low, high);
    const ptrdiff_t each = shared ? channels : 1; /* values with the same number */
    const ptrdiff_t numbers = shared ? pixels : pixels * channels;
    for (ptrdiff_t i = 0; i < numbers; i += CHUNK) {
        const ptrdiff_t some = numbers - i < CHUNK ? numbers - i : CHUNK;
        const u8 *from = src + i * each;
        u8 *to = dst + i * each;
        random_normals16(z, seed, STREAM_NORMAL, (u64)(i / CHUNK));
        if (each == 1) {
            add(from, z, some, &s, to);
        } else if (each <= WIDEST) {
            for_each_value(z, each, wide);
            for (ptrdiff_t k = 0; k < some * each; k += CHUNK) {
                const ptrdiff_t left = some * each - k;
                add(from + k, wide + k, left < CHUNK ? left : CHUNK, &s, to + k);
            }
        } else {
            for (ptrdiff_t k = 0; k < some; k++)
                for (ptrdiff_t c = 0; c < each; c += CHUNK) {
                    const ptrdiff_t left = each - c < CHUNK ? each - c : CHUNK;
                    for (ptrdiff_t j = 0; j < left; j++) wide[j] = z[k];
                    add(from + k * each + c, wide, left, &s, to + k * each + c);
                }
        }
    }
}
