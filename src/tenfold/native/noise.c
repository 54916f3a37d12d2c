/* Normal noise and single pixels hit, on all of an image. */
#include <string.h>

#include "planes.h"
#include "random.h"

#define WIDEST 4 /* channels up to which shared noise goes through the vectors */

/* z for every value instead of every pixel. */
INLINE void spread_out(const float *restrict z, ptrdiff_t pixels, int channels, float *restrict out) {
    for (ptrdiff_t i = 0; i < pixels; i++)
        for (int c = 0; c < channels; c++) out[i * channels + c] = z[i];
}

static void for_each_value(const float *z, ptrdiff_t pixels, ptrdiff_t channels, float *out) {
    if (channels == 2) spread_out(z, pixels, 2, out);
    else if (channels == 3) spread_out(z, pixels, 3, out);
    else spread_out(z, pixels, 4, out);
}

/* y = x + z * (spread + slope * (x - low)), clipped, rounded by HALF and the cast. */
#define NORMAL_NOISE(T, NAME, HALF, CAST)                                                            \
    INLINE void NAME##_some(const T *restrict src, const float *restrict z, ptrdiff_t count,         \
                            float spread, float slope, float low, float high, T *restrict dst) {     \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            const float x = (float)src[i];                                                           \
            float y = slope == 0 ? x + z[i] * spread : x + z[i] * (spread + slope * (x - low));      \
            y = y > low ? y : low;                                                                   \
            y = y < high ? y : high;                                                                 \
            dst[i] = (T)CAST(y + HALF);                                                              \
        }                                                                                            \
    }                                                                                                \
    static void NAME##_add(const T *src, const float *z, ptrdiff_t count, float spread,              \
                           float slope, float low, float high, T *dst) {                             \
        if (slope == 0 && count == CHUNK)                                                            \
            NAME##_some(src, z, CHUNK, spread, 0, low, high, dst);                                   \
        else if (count == CHUNK)                                                                     \
            NAME##_some(src, z, CHUNK, spread, slope, low, high, dst);                               \
        else                                                                                         \
            NAME##_some(src, z, count, spread, slope, low, high, dst);                               \
    }                                                                                                \
    EXPORT void NAME(const T *src, ptrdiff_t pixels, ptrdiff_t channels, int shared, u64 seed,       \
                     float spread, float slope, float low, float high, T *dst) {                     \
        float z[CHUNK], wide[CHUNK * WIDEST];                                                        \
        const ptrdiff_t each = shared ? channels : 1; /* values with the same number */              \
        const ptrdiff_t numbers = shared ? pixels : pixels * channels;                               \
        for (ptrdiff_t i = 0; i < numbers; i += CHUNK) {                                             \
            const ptrdiff_t some = numbers - i < CHUNK ? numbers - i : CHUNK;                        \
            const T *from = src + i * each;                                                          \
            T *to = dst + i * each;                                                                  \
            random_normals(z, seed, STREAM_NORMAL, (u64)(i / CHUNK));                                \
            if (each == 1) {                                                                         \
                NAME##_add(from, z, some, spread, slope, low, high, to);                             \
            } else if (each <= WIDEST) {                                                             \
                for_each_value(z, CHUNK, each, wide);                                                \
                for (ptrdiff_t k = 0; k < some * each; k += CHUNK) {                                 \
                    const ptrdiff_t left = some * each - k;                                          \
                    NAME##_add(from + k, wide + k, left < CHUNK ? left : CHUNK, spread, slope, low,  \
                               high, to + k);                                                        \
                }                                                                                    \
            } else {                                                                                 \
                for (ptrdiff_t k = 0; k < some; k++) {                                               \
                    for (ptrdiff_t c = 0; c < each; c += WIDEST) {                                   \
                        const float same[WIDEST] = {z[k], z[k], z[k], z[k]};                         \
                        const ptrdiff_t left = each - c < WIDEST ? each - c : WIDEST;                \
                        NAME##_some(from + k * each + c, same, left, spread, slope, low, high,       \
                                    to + k * each + c);                                              \
                    }                                                                                \
                }                                                                                    \
            }                                                                                        \
        }                                                                                            \
    }

NORMAL_NOISE(u16, normal_noise_u16, 0.5f, (int32_t))
NORMAL_NOISE(float, normal_noise_f32, 0.0f, )

#define GROUP 16

enum { KEPT, BLACK, WHITE };

/* Places of the words below `limit`; how many. */
INLINE int places_of(const u32 *restrict words, int count, u32 limit, int *restrict places) {
    int found = 0;
    for (int i = 0; i < count; i += GROUP) {
        u32 any = 0;
        for (int k = 0; k < GROUP; k++) any |= words[i + k] < limit;
        if (!any) continue;
        for (int k = 0; k < GROUP; k++) {
            places[found] = i + k;
            found += words[i + k] < limit;
        }
    }
    return found;
}

/* What becomes of the pixels of a chunk. */
static void hits(const u32 *restrict words, u32 limit, u32 white, u8 *restrict what) {
    for (int i = 0; i < WORDS; i++) {
        const u8 colour = words[i] < white ? WHITE : BLACK;
        what[i] = words[i] < limit ? colour : KEPT;
    }
}

#if defined(__AVX512VBMI__)
#define SPREAD_BY_VECTORS 1
#else
#define SPREAD_BY_VECTORS 0
#endif

/* The same for all three channels of each pixel. */
static void three_times(const u8 *what, u8 *wide) {
    byte_planes same;
    memcpy(same.r, what, WORDS);
    memcpy(same.g, what, WORDS);
    memcpy(same.b, what, WORDS);
    together(&same, WORDS, wide);
}

#define SALT_AND_PEPPER(T, NAME)                                                                     \
    static void NAME##_some(const T *src, const u8 *what, ptrdiff_t count, T low, T high, T *dst) {  \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            const T colour = what[i] == WHITE ? high : low;                                          \
            dst[i] = what[i] == KEPT ? src[i] : colour;                                              \
        }                                                                                            \
    }                                                                                                \
    EXPORT void NAME(const T *src, ptrdiff_t pixels, ptrdiff_t channels, int shared, u64 seed,       \
                     u32 limit, u32 white, T low, T high, T *dst) {                                  \
        u32 words[WORDS];                                                                            \
        u8 what[WORDS], wide[3 * WORDS];                                                             \
        const ptrdiff_t each = shared ? channels : 1;                                                \
        const ptrdiff_t numbers = shared ? pixels : pixels * channels;                               \
        for (ptrdiff_t i = 0; i < numbers; i += WORDS) {                                             \
            const ptrdiff_t some = numbers - i < WORDS ? numbers - i : WORDS;                        \
            const T *from = src + i * each;                                                          \
            T *to = dst + i * each;                                                                  \
            random_words(words, seed, STREAM_HITS, (u64)(i / WORDS));                                \
            if (each == 1) {                                                                         \
                hits(words, limit, white, what);                                                     \
                NAME##_some(from, what, some, low, high, to);                                        \
            } else if (each == 3 && SPREAD_BY_VECTORS) {                                             \
                hits(words, limit, white, what);                                                     \
                three_times(what, wide);                                                             \
                NAME##_some(from, wide, 3 * some, low, high, to);                                    \
            } else {                                                                                 \
                if (to != from) memcpy(to, from, (size_t)(some * each) * sizeof(T));                 \
                int places[WORDS + 1];                                                               \
                for (ptrdiff_t k = some; k < WORDS; k++) words[k] = 0xffffffffu;                     \
                const int found = places_of(words, WORDS, limit, places);                            \
                for (int k = 0; k < found; k++) {                                                    \
                    const T colour = words[places[k]] < white ? high : low;                          \
                    for (ptrdiff_t c = 0; c < each; c++) to[places[k] * each + c] = colour;          \
                }                                                                                    \
            }                                                                                        \
        }                                                                                            \
    }

SALT_AND_PEPPER(u8, salt_and_pepper_u8)
SALT_AND_PEPPER(u16, salt_and_pepper_u16)
SALT_AND_PEPPER(float, salt_and_pepper_f32)
