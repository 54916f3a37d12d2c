/* Correlation of every channel with one kernel, in floats, mirrored beyond the border. */
#include "edges.h"
#include "lanes.h"
#include "smooth.h"
#include "taps.h"

#define MOST_TAPS 256

/* src row `from` as floats with the pixels beyond its ends. */
#define ROWS(T, NAME)                                                                                \
    static void NAME(const T *restrict from, ptrdiff_t width, ptrdiff_t channels, ptrdiff_t reach,   \
                     float *restrict to) {                                                           \
        for (ptrdiff_t i = 0; i < width * channels; i++) to[i] = (float)from[i];                     \
        EXTEND(to, width, channels, reach, mirrored);                                                \
    }
ROWS(u8, row_of_u8)
ROWS(u16, row_of_u16)
ROWS(float, row_of_f32)

/* Floats clipped, and rounded if HALF is a half. */
#define STORE(T, NAME, HALF, CAST)                                                                   \
    static void NAME(const float *restrict from, ptrdiff_t count, float low, float high,             \
                     T *restrict to) {                                                               \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            float y = from[i] > low ? from[i] : low;                                                 \
            y = y < high ? y : high;                                                                 \
            to[i] = (T)CAST(y + HALF);                                                               \
        }                                                                                            \
    }
STORE(u8, store_u8, 0.5f, (int32_t))
STORE(u16, store_u16, 0.5f, (int32_t))
STORE(float, store_f32, 0.0f, )

/* out[i] = sum of weights[t] * taps[t][i], in the order of the taps; whole lanes are written. */
static void weighted(const float *const *taps, const float *weights, ptrdiff_t count,
                     ptrdiff_t values, float *restrict out) {
    ptrdiff_t i = 0;
    for (; i + 4 * LANES <= values; i += 4 * LANES) {
        lanes a = {0}, b = {0}, c = {0}, d = {0};
        for (ptrdiff_t t = 0; t < count; t++) {
            lanes p, q, r, s;
            get(taps[t] + i, &p);
            get(taps[t] + i + LANES, &q);
            get(taps[t] + i + 2 * LANES, &r);
            get(taps[t] + i + 3 * LANES, &s);
            a += p * weights[t];
            b += q * weights[t];
            c += r * weights[t];
            d += s * weights[t];
        }
        put(&a, out + i);
        put(&b, out + i + LANES);
        put(&c, out + i + 2 * LANES);
        put(&d, out + i + 3 * LANES);
    }
    for (; i < values; i += LANES) {
        lanes a = {0};
        for (ptrdiff_t t = 0; t < count; t++) {
            lanes p;
            get(taps[t] + i, &p);
            a += p * weights[t];
        }
        put(&a, out + i);
    }
}

#define CORRELATE(SCOPE, T, NAME, ROW, STORE_ROW)                                                           \
    SCOPE void NAME(const T *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,            \
                     const float *kernel, ptrdiff_t rows, ptrdiff_t columns, float low, float high,  \
                     float *scratch, T *dst) {                                                       \
        const ptrdiff_t values = width * channels, padded = (width + columns) * channels + LANES;    \
        const ptrdiff_t up = rows / 2, side = columns / 2;                                           \
        float *sums = scratch + rows * padded, weights[MOST_TAPS];                                   \
        const float *taps[MOST_TAPS];                                                                \
        ptrdiff_t down[MOST_TAPS], right[MOST_TAPS], count = 0;                                      \
        for (ptrdiff_t k = 0; k < rows * columns && count < MOST_TAPS; k++) {                        \
            if (kernel[k] == 0) continue;                                                            \
            weights[count] = kernel[k];                                                              \
            down[count] = k / columns;                                                               \
            right[count++] = k % columns * channels;                                                 \
        }                                                                                            \
        for (ptrdiff_t y = -2 * up; y < height; y++) {                                               \
            /* A ring of rows: that of y + up replaces the one no longer needed. */                  \
            float *fresh = scratch + (y + 2 * up) % rows * padded + side * channels;                 \
            ROW(src + mirrored(y + up, height) * values, width, channels, side, fresh);              \
            if (y < 0) continue;                                                                     \
            for (ptrdiff_t t = 0; t < count; t++)                                                    \
                taps[t] = scratch + (y + down[t]) % rows * padded + right[t];                        \
            weighted(taps, weights, count, values, sums);                                            \
            STORE_ROW(sums, values, low, high, dst + y * values);                                    \
        }                                                                                            \
    }
CORRELATE(static, u8, correlate_floats_u8, row_of_u8, store_u8)
CORRELATE(EXPORT, u16, correlate_u16, row_of_u16, store_u16)
CORRELATE(EXPORT, float, correlate_f32, row_of_f32, store_f32)

/* Separable: down the columns into one row of floats, then along it. */
#define SEPARABLE(SCOPE, T, NAME, STORE_ROW)                                                          \
    static void NAME##_down(const T *restrict a, const T *restrict b, const T *restrict c,           \
                            const T *restrict d, const float *w, ptrdiff_t values,                   \
                            float *restrict sums) {                                                  \
        const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];                                      \
        for (ptrdiff_t i = 0; i < values; i++)                                                       \
            sums[i] += (w0 * (float)a[i] + w1 * (float)b[i]) + (w2 * (float)c[i] + w3 * (float)d[i]);\
    }                                                                                                \
    SCOPE void NAME(const T *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,            \
                     const float *factors, ptrdiff_t size, float low, float high, float *scratch,    \
                     T *dst) {                                                                       \
        const ptrdiff_t values = width * channels, reach = size / 2;                                 \
        float *sums = scratch + reach * channels, *out = scratch + values + size * channels + LANES; \
        for (ptrdiff_t y = 0; y < height; y++) {                                                     \
            for (ptrdiff_t i = 0; i < values; i++) sums[i] = 0;                                      \
            for (ptrdiff_t k = 0; k < size; k += 4) {                                                \
                const T *rows[4];                                                                    \
                float w[4];                                                                          \
                for (ptrdiff_t j = 0; j < 4; j++) {                                                  \
                    const ptrdiff_t there = k + j < size ? k + j : k;                                \
                    rows[j] = src + mirrored(y + there - reach, height) * values;                    \
                    w[j] = k + j < size ? factors[size + there] : 0;                                 \
                }                                                                                    \
                NAME##_down(rows[0], rows[1], rows[2], rows[3], w, values, sums);                    \
            }                                                                                        \
            EXTEND(sums, width, channels, reach, mirrored);                                          \
            along(scratch, factors, size, channels, values, out);                                    \
            STORE_ROW(out, values, low, high, dst + y * values);                                     \
        }                                                                                            \
    }

static void along(const float *sums, const float *factors, ptrdiff_t size, ptrdiff_t step,
                  ptrdiff_t values, float *restrict out) {
    for (ptrdiff_t i = 0; i < values; i += LANES) {
        lanes a = {0};
        for (ptrdiff_t t = 0; t < size; t++) {
            lanes p;
            get(sums + i + t * step, &p);
            a += p * factors[t];
        }
        put(&a, out + i);
    }
}

SEPARABLE(static, u8, separable_floats_u8, store_u8)
SEPARABLE(EXPORT, u16, separable_u16, store_u16)
SEPARABLE(EXPORT, float, separable_f32, store_f32)

EXPORT void separable_u8(const u8 *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                         const float *factors, ptrdiff_t size, float low, float high,
                         float *scratch, u8 *dst) {
    if (!smooth_u8(src, height, width, channels, factors, size, low, high, (u16 *)scratch, dst))
        separable_floats_u8(src, height, width, channels, factors, size, low, high, scratch, dst);
}

EXPORT void correlate_u8(const u8 *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                         const float *kernel, ptrdiff_t rows, ptrdiff_t columns, float low,
                         float high, float *scratch, u8 *dst) {
    if (!correlate_words(src, height, width, channels, kernel, rows, columns, low, high,
                         (u8 *)scratch, dst))
        correlate_floats_u8(src, height, width, channels, kernel, rows, columns, low, high, scratch,
                            dst);
}
