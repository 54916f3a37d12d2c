/* One curve over some values. What each means is told in tone.py, in the order of the codes.
 *
 * A run of them is a program of numbers: for each its code, how many parameters follow, and these.
 * Values are 0 black, 1 white, and are clipped to that after each. */
#ifndef TENFOLD_CURVE_H
#define TENFOLD_CURVE_H

#include "power.h"

enum {
    SHIFT, LIGHT_GAIN, POWER, CONTRAST_MID, CONTRAST_MEAN, AUTOCONTRAST, EQUALIZE, INVERT, SOLARIZE,
    POSTERIZE, CONTRAST_ABOUT, STRETCH
};

#define FLAT 1e-4 /* a span below it is one value: stretching it would show rounding only */

typedef struct {
    int code;
    ptrdiff_t count;
    const double *numbers;
} curve;

/* The curve at a place in the program; the place moves on. */
INLINE curve next_curve(const double *program, ptrdiff_t *at) {
    const curve c = {(int)program[*at], (ptrdiff_t)program[*at + 1], program + *at + 2};
    *at += 2 + c.count;
    return c;
}

INLINE double clip(double x) {
    x = x > 0 ? x : 0;
    return x < 1 ? x : 1;
}

INLINE double rounded(double x) { return x + ROUNDER - ROUNDER; } /* half to even */

INLINE double decoded(double x) {
    const double low = x / 12.92, high = power_of((x + 0.055) / 1.055, 2.4);
    return x <= 0.04045 ? low : high;
}

INLINE double encoded(double x) {
    x = x > 0 ? x : 0;
    const double low = x * 12.92, high = 1.055 * power_of(x, 1 / 2.4) - 0.055;
    return x <= 0.0031308 ? low : high;
}

#define EACH(expression)                       \
    for (ptrdiff_t i = 0; i < n; i++) {        \
        const double x = v[i];                 \
        v[i] = clip(expression);               \
    }

/* One curve over values of channel `channel`, in place; not the measured ones. */
static void run_curve(curve c, ptrdiff_t channel, double *restrict v, ptrdiff_t n) {
    const double *p = c.numbers;
    if (c.code == SHIFT) {
        const double amount = p[0];
        EACH(x + amount)
    } else if (c.code == LIGHT_GAIN) {
        /* one for all channels, or each its own; channels beyond share the last */
        const double gain = p[channel < c.count - 2 ? 1 + channel : c.count - 1];
        if (p[0] != 0) {
            EACH(x * gain)
        } else {
            EACH(encoded(decoded(x) * gain))
        }
    } else if (c.code == POWER) {
        const double e = p[0];
        EACH(power_of(x, e))
    } else if (c.code == CONTRAST_MID || c.code == CONTRAST_ABOUT) {
        const double factor = p[0], pivot = c.code == CONTRAST_MID ? 0.5 : p[1];
        EACH(pivot + (x - pivot) * factor)
    } else if (c.code == INVERT) {
        EACH(1 - x)
    } else if (c.code == SOLARIZE) {
        const double threshold = p[0];
        EACH(x > threshold ? 1 - x : x)
    } else if (c.code == POSTERIZE) {
        /* the highest bits of eight; the small offset absorbs the rounding of k / 255 */
        const double step = exp2_of(8 - p[0]);
        const double up = 255 / step, down = step / 255;
        EACH(__builtin_floor(x * up + 1e-4) * down)
    } else if (c.code == STRETCH) {
        const double *ends = p + (c.count > 2 ? 2 * channel : 0);
        const double low = ends[0], width = ends[1] - ends[0];
        if (width >= FLAT) {
            EACH((x - low) / width)
        }
    }
}

#endif
