/* Small grey images of bytes by linear interpolation, affine maps with or without a bend: all of the
 * source lies in the first cache, so that what counts is the arithmetic a pixel.
 *
 * The source is copied with a pixel of border around it and two rows interleaved: then one load of
 * 32 bits has all four neighbours, and clamped places need no other care. A cubic spline of control
 * points that lie on a plane is that plane: so the matrix is put into the control points, and
 * sixteen columns of a row of cells are two polynomials of the row. */
#include <string.h>

#include "warp.h"

enum { SIDE = 256, PIXELS = 18 << 10, COLUMNS = 72, ROWS = 32 };
enum { BITS = 14, ONE = 1 << BITS, HALF = ONE / 2 };

typedef float Floats __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t Ints __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int16_t Shorts __attribute__((ext_vector_type(2 * LANES), aligned(2)));
typedef u8 Bytes __attribute__((ext_vector_type(LANES), aligned(1)));
typedef u16 Words __attribute__((ext_vector_type(LANES), aligned(2)));

/* Number x + stride * y is the pixel (x - 1, y - 1), and in its high byte the one below it. */
typedef struct {
    u16 pixels[PIXELS];
    int32_t stride;
} Pairs;

/* One axis of the map: a plane for the control points, which are numbers of pixels (from 1). */
typedef struct {
    double across, down, first;
    float strips[4][SIDE + LANES]; /* control rows along x; row j at j % 4 */
    Floats fitted[4];              /* sixteen columns as polynomials of the row's place */
    float low, high;               /* where places are clamped */
} Axis;

INLINE void pair(const u8 *above, const u8 *below, ptrdiff_t n, u16 *out) {
    if (n < LANES) {
        for (ptrdiff_t x = 0; x < n; x++) out[x] = (u16)(above[x] | below[x] << 8);
        return;
    }
    for (ptrdiff_t x = 0; x < n; x += LANES) {
        const ptrdiff_t at = x < n - LANES ? x : n - LANES;
        const Words a = __builtin_convertvector(*(const Bytes *)(above + at), Words);
        const Words b = __builtin_convertvector(*(const Bytes *)(below + at), Words);
        *(Words *)(out + at) = a | b << 8;
    }
}

static void pairs_of(const Source *source, Pairs *pairs) {
    const ptrdiff_t height = source->height, width = source->width, stride = width + 3;
    const u8 beyond = source->border == CONSTANT ? *source->beyond : 0;
    u8 blank[SIDE];
    memset(blank, beyond, sizeof blank);
    pairs->stride = (int32_t)stride;
    for (ptrdiff_t y = 0; y < height + 2; y++) {
        const u8 *below = source->data + y * width;
        u16 *row = pairs->pixels + y * stride;
        row[0] = row[width + 1] = row[width + 2] = (u16)(beyond | beyond << 8);
        pair(y >= 1 && y <= height ? below - width : blank, y < height ? below : blank, width,
             row + 1);
    }
}

/* Control row `row` along x. */
static void expand(Axis *axis, const Stage *bend, ptrdiff_t row) {
    const ptrdiff_t columns = bend->columns, cells = columns - 3, width = bend->width;
    const double cell_width = (double)width / (double)cells;
    const double cell_height = (double)bend->height / (double)(bend->rows - 3);
    const double *moved = bend->numbers + 2 * row * columns;
    const double by_x = axis->across, by_y = axis->down;
    const double first = by_y * cell_height * (double)(row - 1) - by_x * cell_width + axis->first;
    float p[COLUMNS + LANES], c[4][COLUMNS + LANES];
    for (ptrdiff_t j = 0; j < columns; j++)
        p[j] = (float)(by_x * cell_width * (double)j + first +
                       (by_x * moved[2 * j] + by_y * moved[2 * j + 1]));
    for (ptrdiff_t j = 0; j < cells; j++) {
        c[0][j] = ((p[j] + p[j + 2]) + 4.0f * p[j + 1]) * (1.0f / 6.0f);
        c[1][j] = (p[j + 2] - p[j]) * 0.5f;
        c[2][j] = ((p[j] + p[j + 2]) - 2.0f * p[j + 1]) * 0.5f;
        c[3][j] = ((p[j + 3] - p[j]) + 3.0f * (p[j + 1] - p[j + 2])) * (1.0f / 6.0f);
    }
    const float step = (float)(1 / cell_width);
    Floats lane;
    for (int k = 0; k < LANES; k++) lane[k] = (float)k * step;
    float *strip = axis->strips[row % 4];
    ptrdiff_t x = 0;
    for (ptrdiff_t j = 0; j < cells; j++) {
        const double end = (double)(j + 1) * cell_width - 0.5;
        const ptrdiff_t stop = j < cells - 1 ? (ptrdiff_t)__builtin_ceil(end) : width;
        const float begin = (float)(((double)x + 0.5) / cell_width - (double)j);
        for (ptrdiff_t k = x; k < stop; k += LANES) {
            const Floats t = lane + (begin + step * (float)(k - x));
            *(Floats *)(strip + k) = c[0][j] + t * (c[1][j] + t * (c[2][j] + t * c[3][j]));
        }
        x = stop > x ? stop : x;
    }
}

/* The columns from `x` on of the row of cells `top`. */
INLINE void fit(Axis *axis, ptrdiff_t top, ptrdiff_t x) {
    Floats p[4], *c = axis->fitted;
    for (int i = 0; i < 4; i++) p[i] = *(const Floats *)(axis->strips[(top + i) % 4] + x);
    c[0] = ((p[0] + p[2]) + 4.0f * p[1]) * (1.0f / 6.0f);
    c[1] = (p[2] - p[0]) * 0.5f;
    c[2] = ((p[0] + p[2]) - 2.0f * p[1]) * 0.5f;
    c[3] = ((p[3] - p[0]) + 3.0f * (p[1] - p[2])) * (1.0f / 6.0f);
}

/* The same of a plane. */
INLINE void level(Axis *axis, ptrdiff_t x) {
    for (int k = 0; k < LANES; k++)
        axis->fitted[0][k] = (float)(axis->across * ((double)(x + k) + 0.5) + axis->first);
    axis->fitted[1] = (float)axis->down;
}

/* Places in a row, as numbers of BITS bits of fraction. */
INLINE Ints places(const Axis *axis, float t, const int bent, const int border) {
    const Floats *c = axis->fitted;
    Floats at = bent ? c[0] + t * (c[1] + t * (c[2] + t * c[3])) : c[0] + t * c[1];
    const Floats low = axis->low, high = axis->high;
    if (border == REFLECT) {
        at = low + __builtin_elementwise_abs(at - low);
        at = high - __builtin_elementwise_abs(high - at);
    }
    at = at > low ? at : low; /* and what is no number */
    at = at < high ? at : high;
    return __builtin_convertvector(at * (float)ONE + 0.5f, Ints);
}

typedef struct {
    Ints top[ROWS], low[ROWS]; /* weights of two neighbours, 16 bits each */
    Ints words[ROWS]; /* the neighbours, 8 bits each */
} Taps;

INLINE Ints sums(Ints top, Ints low, Ints words) {
    const Ints above = words & 0x00ff00ff, below = words >> 8 & 0x00ff00ff;
#define EVEN(v) __builtin_convertvector(((Shorts)(v)).even, Ints)
#define ODD(v) __builtin_convertvector(((Shorts)(v)).odd, Ints)
    const Ints a = EVEN(above) * EVEN(top) + ODD(above) * ODD(top);
    const Ints b = EVEN(below) * EVEN(low) + ODD(below) * ODD(low);
    return (a + b + HALF) >> BITS;
}

/* Sixteen columns of up to ROWS rows; ts: the places of the rows. */
INLINE void
sample(const Pairs *pairs, const Axis axes[2], const float *ts, ptrdiff_t rows, u8 *target,
       ptrdiff_t stride, int n, const int bent, const int border) {
    Taps taps;
    for (ptrdiff_t row = 0; row < rows; row++) {
        const Ints x = places(&axes[0], ts[row], bent, border);
        const Ints y = places(&axes[1], ts[row], bent, border);
        const Ints right = x & (ONE - 1), lower = y & (ONE - 1);
        const Ints both = (right * lower + HALF) >> BITS;
        taps.top[row] = (ONE - right - lower + both) | (right - both) << 16;
        taps.low[row] = (lower - both) | both << 16;
        taps.words[row] = (y >> BITS) * pairs->stride + (x >> BITS);
    }
    int32_t *words = (int32_t *)taps.words;
#pragma clang loop vectorize(disable) unroll_count(4)
    for (ptrdiff_t k = 0; k < rows * LANES; k++) memcpy(words + k, pairs->pixels + words[k], 4);
    for (ptrdiff_t row = 0; row < rows; row++) {
        const Ints found = sums(taps.top[row], taps.low[row], taps.words[row]);
        const Bytes bytes = __builtin_convertvector(found, Bytes);
        u8 *there = target + row * stride;
        if (n == LANES) *(Bytes *)there = bytes;
        else
            for (int k = 0; k < n; k++) there[k] = bytes[k];
    }
}

/* A row of cells, whose rows `ts` are, or of a plane. */
INLINE void band(const Pairs *pairs, Axis axes[2], ptrdiff_t top, const float *ts, ptrdiff_t rows,
                 u8 *target, ptrdiff_t width, const int bent, const int border) {
    for (ptrdiff_t x = 0; x < width; x += LANES) {
        const ptrdiff_t last = width > LANES ? width - LANES : 0, at = x < last ? x : last;
        for (int k = 0; k < 2; k++)
            if (bent) fit(&axes[k], top, at);
            else level(&axes[k], at);
        const int n = width < LANES ? (int)width : LANES;
        for (ptrdiff_t row = 0; row < rows; row += ROWS)
            sample(pairs, axes, ts + row, rows - row < ROWS ? rows - row : ROWS,
                   target + row * width + at, width, n, bent, border);
    }
}

INLINE void bands(const Pairs *pairs, Axis axes[2], const Stage *bend, const Chain *chain,
                  u8 *target, const int border) {
    float ts[SIDE];
    const ptrdiff_t height = chain->height, width = chain->width;
    if (!bend) {
        for (ptrdiff_t y = 0; y < height; y++) ts[y] = (float)y + 0.5f;
        band(pairs, axes, 0, ts, height, target, width, 0, border);
        return;
    }
    const ptrdiff_t cells = bend->rows - 3;
    const double a_row = (double)cells / (double)height;
    ptrdiff_t expanded = 0;
    for (ptrdiff_t y = 0, rows; y < height; y += rows) {
        double place = ((double)y + 0.5) * a_row;
        const ptrdiff_t top = (ptrdiff_t)place < cells ? (ptrdiff_t)place : cells - 1;
        for (rows = 0; y + rows < height; rows++) {
            place = ((double)(y + rows) + 0.5) * a_row;
            if ((ptrdiff_t)place > top && top < cells - 1) break;
            ts[rows] = (float)(place - (double)top);
        }
        if (expanded < top) expanded = top;
        for (; expanded < top + 4; expanded++)
            for (int k = 0; k < 2; k++) expand(&axes[k], bend, expanded);
        band(pairs, axes, top, ts, rows, target + y * width, width, 1, border);
    }
}

/* Whether places may be mirrored once at most. */
static int once(const Axis *axis, const Chain *chain, double reach) {
    const double x[2] = {-reach, (double)chain->width + reach};
    const double y[2] = {-reach, (double)chain->height + reach};
    for (int corner = 0; corner < 4; corner++) {
        const double at = axis->across * x[corner & 1] + axis->down * y[corner >> 1] + axis->first;
        const double low = (double)axis->low, high = (double)axis->high;
        if (!(at > 2 * low - high && at < 2 * high - low)) return 0;
    }
    return 1;
}

int warp_grey(const Source *source, const Column *column, u8 *target) {
    const Chain *chain = column->chain;
    const ptrdiff_t height = source->height, width = source->width;
    if (source->type != TYPE_U8 || source->channels != 1 || source->border == WRAP) return 0;
    if (height < 2 || width < 2 || height > SIDE || width > SIDE) return 0;
    if ((height + 2) * (width + 3) > PIXELS || chain->width > SIDE || chain->height > SIDE) return 0;
    if (!column->straight || !column->affine) return 0;
    if (column->bend && column->bend->columns > COLUMNS) return 0;
    Axis axes[2];
    for (int k = 0; k < 2; k++) {
        const double *m = column->matrix + 3 * k, whole = column->matrix[8];
        axes[k].across = m[0] / whole;
        axes[k].down = m[1] / whole;
        axes[k].first = m[2] / whole + 1;
        const double side = (double)(k ? height : width);
        axes[k].low = source->border == CONSTANT ? 0.0f : 1.0f;
        axes[k].high = (float)(source->border == CONSTANT ? side + 1 : side);
        if (source->border == REFLECT && !once(&axes[k], chain, column->reach)) return 0;
    }
    Pairs pairs;
    pairs_of(source, &pairs);
    if (source->border == REFLECT) bands(&pairs, axes, column->bend, chain, target, REFLECT);
    else bands(&pairs, axes, column->bend, chain, target, EDGE);
    return 1;
}
