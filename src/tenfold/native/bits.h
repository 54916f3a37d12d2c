/* Floating-point numbers and the bits they are made of. */
#ifndef TENFOLD_BITS_H
#define TENFOLD_BITS_H

#include <string.h>

#include "common.h"

INLINE u64 bits_of(double x) {
    u64 bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE double of_bits(u64 bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE int32_t bits_of_float(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE float float_of_bits(u32 bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
