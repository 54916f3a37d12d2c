/* A target's pixels pulled through a map to a source: what the parts of the warp share. */
#ifndef TENFOLD_WARP_H
#define TENFOLD_WARP_H

#include "common.h"
#include "functions.h"

enum { BLOCK = 128, LANES = 16 };
enum { NEAREST, LINEAR, CUBIC };
enum { REFLECT, EDGE, WRAP, CONSTANT };
enum { TYPE_U8, TYPE_U16, TYPE_F32, TYPE_8_BYTES };

typedef struct {
    const u8 *data;
    ptrdiff_t height, width, channels;
    int type;
    int border;
    const u8 *beyond; /* one pixel of the raster's own type: what a constant border shows */
} Source;

/* A stage of a map: a matrix (9 numbers, `rows` is 0), or a spline's control grid over a frame. */
typedef struct {
    const double *numbers;
    ptrdiff_t rows, columns, height, width;
} Stage;

typedef struct {
    const Stage *stages; /* in pull order */
    ptrdiff_t count;
    ptrdiff_t height, width; /* of the target */
} Chain;

/* Where up to BLOCK neighbouring target pixels look, as indices (the first pixel's centre is 0):
 * (x + u[k], y + v[k]). Lanes from n to the next multiple of LANES repeat a lane before. */
typedef struct {
    float u[BLOCK], v[BLOCK];
    ptrdiff_t x, y;
    float least_u, most_u, least_v, most_v;
    ptrdiff_t n;
} Points;

/* A column of the target, BLOCK pixels wide, on its way down. */
typedef struct {
    const Chain *chain;
    const Stage *bend; /* a spline on the target's own grid, which comes first; or null */
    double matrix[9];  /* the rest, from target centres to source indices */
    int straight;      /* the chain is no more than `bend` and `matrix` */
    int affine;
    double reach; /* of the bend, pixels */
    ptrdiff_t first, n;                        /* the column's target pixels */
    ptrdiff_t expanded, cell;   /* control rows in `strips` so far; row of cells in `fitted` */
    float strips[2][4][BLOCK];  /* control rows expanded along x; row j at j % 4 */
    float fitted[2][4][BLOCK];  /* the same as a cubic polynomial of the place within the cell */
} Column;

/* Numbers are not kept from chain to chain; start with `column_of`, then rows from the top. */
void warp_column(Column *column, const Chain *chain, ptrdiff_t first, ptrdiff_t n);
void warp_points(Column *column, ptrdiff_t row, Points *points);

/* A point through one stage. */
void warp_through(const Stage *stage, double *x, double *y);

/* One block of target pixels; `points` are theirs. For any raster, pixel by pixel and slow: */
void warp_sample(const Source *source, const Points *points, int interpolation, u8 *target);
/* The same, quick where most of the block lies inside. */
void warp_sample_floats(const Source *source, const Points *points, int interpolation, u8 *target);
void warp_sample_nearest(const Source *source, const Points *points, u8 *target);
/* The same for uint8 by linear interpolation with 1 to 4 channels; whether it could. */
int warp_sample_bytes(const Source *source, const Points *points, u8 *target);
/* All of a small grey target of bytes by linear interpolation; whether it could. */
int warp_grey(const Source *source, const Column *column, u8 *target);

/* Index of a pixel beyond the picture; -1 beyond a constant border. */
INLINE ptrdiff_t warp_inside(ptrdiff_t index, ptrdiff_t size, int border) {
    if (index >= 0 && index < size) return index;
    if (border == CONSTANT) return -1;
    if (border == EDGE || size == 1) return index < 0 ? 0 : size - 1;
    const ptrdiff_t period = border == WRAP ? size : 2 * size - 2;
    index %= period;
    if (index < 0) index += period;
    return index < size ? index : period - index;
}

#endif
