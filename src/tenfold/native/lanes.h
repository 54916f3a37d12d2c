/* Sixteen floats at once, whatever the processor's vectors hold. */
#ifndef TENFOLD_LANES_H
#define TENFOLD_LANES_H

#include <string.h>

#include "common.h"

#define LANES 16

typedef float lanes __attribute__((vector_size(64)));

INLINE void get(const float *from, lanes *to) { memcpy(to, from, sizeof *to); }
INLINE void put(const lanes *from, float *to) { memcpy(to, from, sizeof *from); }

#endif
