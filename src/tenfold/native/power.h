/* Powers of numbers from 0 to 1 in plain arithmetic, the same everywhere. */
#ifndef TENFOLD_POWER_H
#define TENFOLD_POWER_H

#include "bits.h"

#define TWO_52 0x1p52
#define ROUNDER 0x1.8p52 /* added to a small number, its last place is 1 */

/* log2 of a positive normal number: its exponent, and 2 atanh((m - 1) / (m + 1)) of its mantissa m
 * within sqrt(1/2) and sqrt(2), as a series. Error below 1e-15 of the larger of 1 and the result. */
INLINE double log2_of(double x) {
    const u64 half = 0x3fe6a09e667f3bcdu; /* sqrt(1/2) */
    const u64 shifted = bits_of(x) - half + ((u64)1023 << 52);
    const double exponent = of_bits((shifted >> 52) | bits_of(TWO_52)) - TWO_52 - 1023;
    const double m = of_bits((shifted & 0xfffffffffffffu) + half);
    const double s = (m - 1) / (m + 1), z = s * s;
    double sum = 1.0 / 19;
    sum = sum * z + 1.0 / 17;
    sum = sum * z + 1.0 / 15;
    sum = sum * z + 1.0 / 13;
    sum = sum * z + 1.0 / 11;
    sum = sum * z + 1.0 / 9;
    sum = sum * z + 1.0 / 7;
    sum = sum * z + 1.0 / 5;
    sum = sum * z + 1.0 / 3;
    sum = sum * z + 1;
    return exponent + s * sum * 2.8853900817779268; /* 2 / ln 2 */
}

/* 2^y for y from -1000 to 1000: Taylor's series about the nearest whole number. */
INLINE double exp2_of(double y) {
    const double turned = y + ROUNDER;
    const double f = (y - (turned - ROUNDER)) * 0.69314718055994531;
    double sum = 1.0 / 6227020800;
    sum = sum * f + 1.0 / 479001600;
    sum = sum * f + 1.0 / 39916800;
    sum = sum * f + 1.0 / 3628800;
    sum = sum * f + 1.0 / 362880;
    sum = sum * f + 1.0 / 40320;
    sum = sum * f + 1.0 / 5040;
    sum = sum * f + 1.0 / 720;
    sum = sum * f + 1.0 / 120;
    sum = sum * f + 1.0 / 24;
    sum = sum * f + 1.0 / 6;
    sum = sum * f + 0.5;
    sum = sum * f + 1;
    sum = sum * f + 1;
    return sum * of_bits((bits_of(turned) + 1023) << 52);
}

/* x^e for x >= 0 (0 gives 0) and e > 0; relative error below 1e-13 if the result is above 1e-30. */
INLINE double power_of(double x, double e) {
    const double safe = x > 0x1p-1000 ? x : 0x1p-1000;
    double y = log2_of(safe) * e;
    y = y > -1000 ? y : -1000;
    y = y < 1000 ? y : 1000;
    const double found = exp2_of(y);
    return x > 0x1p-1000 ? found : 0;
}

#endif
