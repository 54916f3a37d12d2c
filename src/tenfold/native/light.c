/* Noise of photons and of sensors, in linear light. */
#include <string.h>

#include "power.h"
#include "random.h"

#define GROUP 16
#define FEW 8.0f /* mean count below which the exact distribution is used */

/* From sRGB code values 0..1 to linear light (IEC 61966-2-1), the power as a polynomial: within
 * 2e-5 * (light + 0.02). */
INLINE float decoded(float v) {
    float sum = 0.11571469f;
    sum = sum * v - 0.4562507f;
    sum = sum * v + 0.77838552f;
    sum = sum * v - 0.81615663f;
    sum = sum * v + 0.85689753f;
    sum = sum * v + 0.48521328f;
    sum = sum * v + 0.035361823f;
    sum = sum * v + 0.00085230265f;
    return v <= 0.04045f ? v * (float)(1 / 12.92) : sum;
}

/* 1 / sqrt(x) for a normal x: a guess by the exponent (Lomont, "Fast inverse square root", 2003)
 * and two steps of Newton's method; relative error below 5e-6. */
INLINE float inverse_root(float x) {
    u32 bits;
    memcpy(&bits, &x, sizeof bits);
    bits = 0x5f375a86u - (bits >> 1);
    float r;
    memcpy(&r, &bits, sizeof r);
    const float half = 0.5f * x;
    r *= 1.5f - half * r * r;
    r *= 1.5f - half * r * r;
    return r;
}

/* The fourth root of x likewise; relative error below 7e-6. The steps of Newton's method, which err
 * to one side, are scaled to err to both. */
INLINE float fourth_root(float x) {
    u32 bits;
    memcpy(&bits, &x, sizeof bits);
    bits = 0x4f584000u - (bits >> 2);
    float r; /* x to the power of -1/4 */
    memcpy(&r, &bits, sizeof r);
    float square = r * r;
    r *= 1.2515262f - 0.25030525f * x * (square * square);
    square = r * r;
    r *= 1.2500024f - 0.25000048f * x * (square * square);
    return x * r * (r * r);
}

/* The reverse of `decoded`, within 2e-5; the power 1 / 2.4 as a polynomial of the fourth root. */
INLINE float encoded(float light) {
    float y = light > 0.0031308f ? light : 0.0031308f;
    y = y < 1 ? y : 1;
    const float q = fourth_root(y);
    float sum = -0.068147264f;
    sum = sum * q + 0.28953287f;
    sum = sum * q - 0.57748258f;
    sum = sum * q + 1.2554044f;
    sum = sum * q + 0.1620263f;
    sum = sum * q - 0.06134022f;
    const float dark = light > 0 ? light * 12.92f : 0;
    return light <= 0.0031308f ? dark : sum;
}

/* Between an image's values and light. The last chunk of an image may be shorter than the others,
 * which a length known to the compiler makes faster. */
#define LIGHT(T, NAME, HALF, CAST)                                                                   \
    INLINE void NAME##_in(const T *restrict src, ptrdiff_t count, int linear, float low,             \
                          float scale, float *restrict light) {                                      \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            float v = ((float)src[i] - low) * scale;                                                 \
            v = v > 0 ? v : 0;                                                                       \
            v = v < 1 ? v : 1;                                                                       \
            light[i] = linear ? v : decoded(v);                                                      \
        }                                                                                            \
    }                                                                                                \
    INLINE void NAME##_out(const float *restrict light, ptrdiff_t count, int linear, float low,      \
                           float high, T *restrict dst) {                                            \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            float y = low + (high - low) * (linear ? light[i] : encoded(light[i]));                  \
            y = y > low ? y : low;                                                                   \
            y = y < high ? y : high;                                                                 \
            dst[i] = (T)CAST(y + HALF);                                                              \
        }                                                                                            \
    }                                                                                                \
    static void NAME##_to_light(const T *src, ptrdiff_t count, int linear, float low, float scale,   \
                                float *light) {                                                      \
        if (linear)                                                                                  \
            NAME##_in(src, count, 1, low, scale, light);                                             \
        else if (count == CHUNK)                                                                     \
            NAME##_in(src, CHUNK, 0, low, scale, light);                                             \
        else                                                                                         \
            NAME##_in(src, count, 0, low, scale, light);                                             \
    }                                                                                                \
    static void NAME##_from_light(const float *light, ptrdiff_t count, int linear, float low,        \
                                  float high, T *dst) {                                              \
        if (linear)                                                                                  \
            NAME##_out(light, count, 1, low, high, dst);                                             \
        else if (count == CHUNK)                                                                     \
            NAME##_out(light, CHUNK, 0, low, high, dst);                                             \
        else                                                                                         \
            NAME##_out(light, count, 0, low, high, dst);                                             \
    }
LIGHT(u8, u8, 0.5f, (int32_t))
LIGHT(u16, u16, 0.5f, (int32_t))
LIGHT(float, f32, 0.0f, )

/* Poisson numbers of small means by inversion: the number is how many k there are for which the
 * chance of more than k is above a uniform number. */
static void few_counts(const float *restrict means, const u32 *restrict words,
                       float *restrict counts) {
    double m[GROUP], p[GROUP], more[GROUP], even[GROUP], found[GROUP];
    for (int i = 0; i < GROUP; i++) {
        m[i] = (double)means[i];
        p[i] = exp2_of(m[i] * -1.4426950408889634);
        more[i] = 1 - p[i];
        even[i] = ((double)words[i] + 0.5) * 0x1p-32;
        found[i] = 0;
    }
    for (int first = 1; first < 64; first += 4) {
        int any = 0;
        for (int i = 0; i < GROUP; i++) any |= even[i] < more[i];
        if (!any) break;
        for (int i = 0; i < GROUP; i++) {
#pragma clang loop unroll(full)
            for (int k = first; k < first + 4; k++) {
                found[i] += even[i] < more[i] ? 1.0 : 0.0;
                p[i] *= m[i] * (1.0 / k);
                more[i] -= p[i];
            }
        }
    }
    for (int i = 0; i < GROUP; i++) counts[i] = (float)found[i];
}

/* Poisson numbers from normal ones: the inverse distribution function by its normal expansion,
 * rounded down (Giles, "Algorithm 955: approximation of the inverse Poisson cumulative distribution
 * function", ACM TOMS 42, 2016). */
INLINE void many_counts(const float *restrict light, const float *restrict z, float photons,
                        float *restrict counts) {
    for (int i = 0; i < CHUNK; i++) {
        const float mean = light[i] * photons, safe = mean > FEW ? mean : FEW;
        const float inverse = inverse_root(safe), square = z[i] * z[i];
        const float slope = safe * inverse - (square * (1.0f / 72) + 1.0f / 36) * inverse;
        const float x = mean + (1.0f / 3 + square * (1.0f / 6)) + z[i] * slope;
        const float count = __builtin_elementwise_floor(x);
        counts[i] = ((count > 0) & (mean > 0)) ? count : 0;
    }
}

/* Light as counted, a chunk of it. */
static void count_photons(float *restrict light, u64 seed, u64 chunk, float photons) {
    float z[CHUNK], counts[CHUNK], means[CHUNK + GROUP], few[CHUNK + GROUP];
    u32 words[CHUNK], kept[CHUNK + GROUP];
    int places[CHUNK + GROUP], found = 0;
    random_normals(z, seed, STREAM_NORMAL, chunk);
    many_counts(light, z, photons, counts);
    int made = 0; /* whether there are words for this chunk */
    for (int first = 0; first < CHUNK; first += GROUP) {
        u32 any = 0;
        for (int i = first; i < first + GROUP; i++) any |= (light[i] > 0) & (light[i] * photons < FEW);
        if (!any) continue;
        if (!made) {
            random_words(words, seed, STREAM_DARK, 2 * chunk);
            random_words(words + WORDS, seed, STREAM_DARK, 2 * chunk + 1);
            made = 1;
        }
        for (int i = first; i < first + GROUP; i++) {
            const float mean = light[i] * photons;
            means[found] = mean;
            kept[found] = words[i];
            places[found] = i;
            found += (mean > 0) & (mean < FEW);
        }
    }
    for (int i = 0; i < GROUP; i++) means[found + i] = 0, kept[found + i] = 0;
    for (int i = 0; i < found; i += GROUP) few_counts(means + i, kept + i, few + i);
#pragma clang loop vectorize(disable)
    for (int i = 0; i < found; i++) counts[places[i]] = few[i];
    for (int i = 0; i < CHUNK; i++) light[i] = counts[i] * (1 / photons);
}

static void sense(float *restrict light, u64 seed, u64 chunk, float gain, float floor) {
    float z[CHUNK];
    random_normals(z, seed, STREAM_NORMAL, chunk);
    for (int i = 0; i < CHUNK; i++)
        light[i] += z[i] * __builtin_elementwise_sqrt(light[i] * gain + floor);
}

#define LIT(T, KIND, SHOT, SENSOR)                                                                   \
    EXPORT void SHOT(const T *src, ptrdiff_t values, u64 seed, float photons, int linear, float low, \
                     float high, T *dst) {                                                           \
        const float scale = high != low ? 1 / (high - low) : 0;                                      \
        float light[CHUNK] = {0};                                                                    \
        for (ptrdiff_t i = 0; i < values; i += CHUNK) {                                              \
            const ptrdiff_t some = values - i < CHUNK ? values - i : CHUNK;                          \
            KIND##_to_light(src + i, some, linear, low, scale, light);                               \
            count_photons(light, seed, (u64)(i / CHUNK), photons);                                   \
            KIND##_from_light(light, some, linear, low, high, dst + i);                              \
        }                                                                                            \
    }                                                                                                \
    EXPORT void SENSOR(const T *src, ptrdiff_t values, u64 seed, float gain, float floor,            \
                       int linear, float low, float high, T *dst) {                                  \
        const float scale = high != low ? 1 / (high - low) : 0;                                      \
        float light[CHUNK] = {0};                                                                    \
        for (ptrdiff_t i = 0; i < values; i += CHUNK) {                                              \
            const ptrdiff_t some = values - i < CHUNK ? values - i : CHUNK;                          \
            KIND##_to_light(src + i, some, linear, low, scale, light);                               \
            sense(light, seed, (u64)(i / CHUNK), gain, floor);                                       \
            KIND##_from_light(light, some, linear, low, high, dst + i);                              \
        }                                                                                            \
    }
LIT(u8, u8, shot_noise_u8, sensor_noise_u8)
LIT(u16, u16, shot_noise_u16, sensor_noise_u16)
LIT(float, f32, shot_noise_f32, sensor_noise_f32)
