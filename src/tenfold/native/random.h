/* Randomness a pixel. Number i of a field is a function of (seed, stream, i) and of nothing else. */
#ifndef TENFOLD_RANDOM_H
#define TENFOLD_RANDOM_H

#include "common.h"

#define CHUNK 1024         /* normal numbers made at once: numbers chunk * CHUNK and on */
#define WORDS (CHUNK / 2)  /* random words made at once */

/* Streams of one seed that have nothing in common. */
enum { STREAM_NORMAL, STREAM_HITS, STREAM_DARK, STREAM_FILL };

/* Words of 32 evenly distributed bits. */
void random_words(u32 *out, u64 seed, u32 stream, u64 chunk);

/* Independent standard normal numbers. */
void random_normals(float *out, u64 seed, u32 stream, u64 chunk);

/* The same as integers of this standard deviation: other ones, quicker and less fine. */
#define NORMAL16 3959.82f
void random_normals16(int16_t *out, u64 seed, u32 stream, u64 chunk);

#endif
