/* Normal noise and single pixels hit, on all of an image. */
#include <string.h>

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

NORMAL_NOISE(u8, normal_noise_u8, 0.5f, (int32_t))
NORMAL_NOISE(u16, normal_noise_u16, 0.5f, (int32_t))
NORMAL_NOISE(float, normal_noise_f32, 0.0f, )

#define LANES 16

/* Places of the words below `limit`; how many. */
INLINE int hits(const u32 *restrict words, int count, u32 limit, int *restrict places) {
    int found = 0;
    for (int i = 0; i < count; i += LANES) {
        u32 any = 0;
        for (int k = 0; k < LANES; k++) any |= words[i + k] < limit;
        if (!any) continue;
        for (int k = 0; k < LANES; k++) {
            places[found] = i + k;
            found += words[i + k] < limit;
        }
    }
    return found;
}

#define SALT_AND_PEPPER(T, NAME)                                                                     \
    EXPORT void NAME(const T *src, ptrdiff_t pixels, ptrdiff_t channels, int shared, u64 seed,       \
                     u32 limit, u32 white, T low, T high, T *dst) {                                  \
        u32 words[WORDS];                                                                            \
        int places[WORDS + 1];                                                                       \
        const ptrdiff_t each = shared ? channels : 1;                                                \
        const ptrdiff_t numbers = shared ? pixels : pixels * channels;                               \
        for (ptrdiff_t i = 0; i < numbers; i += WORDS) {                                             \
            const ptrdiff_t some = numbers - i < WORDS ? numbers - i : WORDS;                        \
            T *to = dst + i * each;                                                                  \
            if (dst != src) memcpy(to, src + i * each, (size_t)(some * each) * sizeof(T));           \
            random_words(words, seed, STREAM_HITS, (u64)(i / WORDS));                                \
            for (ptrdiff_t k = some; k < WORDS; k++) words[k] = 0xffffffffu;                         \
            const int found = hits(words, WORDS, limit, places);                                     \
            for (int k = 0; k < found; k++) {                                                        \
                const T colour = words[places[k]] < white ? high : low;                              \
                T *pixel = to + places[k] * each;                                                    \
                for (ptrdiff_t c = 0; c < each; c++) pixel[c] = colour;                              \
            }                                                                                        \
        }                                                                                            \
    }

SALT_AND_PEPPER(u8, salt_and_pepper_u8)
SALT_AND_PEPPER(u16, salt_and_pepper_u16)
SALT_AND_PEPPER(float, salt_and_pepper_f32)
