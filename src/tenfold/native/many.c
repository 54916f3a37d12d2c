/* Passes over many images of one shape in one call: image k of `count` gets the numbers of copy k.
 * Where `acts[k]` is 0 nothing happens to it, and it is copied. */
#include <string.h>

#include "common.h"
#include "functions.h"

enum { H, W, CHANNELS, TYPE, TARGET_H, TARGET_W, ROWS = 8, COLUMNS };

/* The control grid of copy k; null if it has none. */
INLINE const double *
grid(const int64_t *sizes, const double *controls, const u8 *bends, ptrdiff_t k) {
    return bends[k] ? controls + 2 * sizes[ROWS] * sizes[COLUMNS] * k : 0;
}

EXPORT void tenfold_resample_scratches(
    ptrdiff_t count, const int64_t *sizes, const double *matrices, const double *controls,
    const u8 *bends, int64_t *bytes
) {
    for (ptrdiff_t k = 0; k < count; k++)
        bytes[k] = tenfold_resample_scratch(sizes, matrices + 9 * k, grid(sizes, controls, bends, k));
}

EXPORT void tenfold_resample_many(
    ptrdiff_t count, const u8 *sources, u8 *targets, const int64_t *sizes, const double *matrices,
    const double *controls, const u8 *bends, const u8 *acts, const void *beyond, void *scratch
) {
    const ptrdiff_t pixel = sizes[CHANNELS] << sizes[TYPE];
    const ptrdiff_t source = sizes[H] * sizes[W] * pixel;
    const ptrdiff_t target = sizes[TARGET_H] * sizes[TARGET_W] * pixel;
    for (ptrdiff_t k = 0; k < count; k++, sources += source, targets += target) {
        if (!acts[k]) {
            memcpy(targets, sources, (size_t)source);
            continue;
        }
        const double *control = grid(sizes, controls, bends, k);
        tenfold_resample(sources, targets, sizes, matrices + 9 * k, control, beyond, scratch);
    }
}

EXPORT void tenfold_follow(
    ptrdiff_t count, const double *matrices, const u8 *acts, double *wholes
) {
    for (ptrdiff_t k = 0; k < count; k++, matrices += 9, wholes += 9) {
        if (!acts[k]) continue;
        double out[9];
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                out[3 * i + j] = matrices[3 * i] * wholes[j] + matrices[3 * i + 1] * wholes[3 + j] +
                                 matrices[3 * i + 2] * wholes[6 + j];
        memcpy(wholes, out, sizeof out);
    }
}

EXPORT void tenfold_inverses(ptrdiff_t count, const double *given, double *inverses) {
    for (ptrdiff_t n = 0; n < count; n++, given += 9, inverses += 9) {
        const double a = given[0], b = given[1], c = given[2], d = given[3], e = given[4],
                     f = given[5], g = given[6], h = given[7], i = given[8];
        const double adjugate[9] = {
            e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g,
            c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d,
        };
        const double whole = a * adjugate[0] + b * adjugate[3] + c * adjugate[6];
        for (int k = 0; k < 9; k++) inverses[k] = adjugate[k] / whole;
    }
}

#define NORMAL_NOISE(T, NAME)                                                                        \
    EXPORT void NAME##_many(                                                                         \
        ptrdiff_t count, const T *src, ptrdiff_t pixels, ptrdiff_t channels, const u8 *shared,       \
        const int64_t *seeds, const float *spreads, const float *slopes, float low, float high,      \
        const u8 *acts, T *dst                                                                       \
    ) {                                                                                              \
        const ptrdiff_t each = pixels * channels;                                                    \
        for (ptrdiff_t k = 0; k < count; k++, src += each, dst += each) {                            \
            if (acts[k])                                                                             \
                NAME(src, pixels, channels, shared[k], (u64)seeds[k], spreads[k], slopes[k], low,    \
                     high, dst);                                                                     \
            else memcpy(dst, src, (size_t)each * sizeof(T));                                         \
        }                                                                                            \
    }

NORMAL_NOISE(u8, normal_noise_u8)
NORMAL_NOISE(u16, normal_noise_u16)
NORMAL_NOISE(float, normal_noise_f32)

EXPORT void look_up_u8_many(
    ptrdiff_t count, const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, const u8 *tables,
    ptrdiff_t rows, const u8 *acts, u8 *dst
) {
    const ptrdiff_t each = pixels * channels;
    for (ptrdiff_t k = 0; k < count; k++, src += each, dst += each) {
        if (acts[k]) look_up_u8(src, pixels, channels, tables + 256 * rows * k, rows, dst);
        else memcpy(dst, src, (size_t)each);
    }
}
