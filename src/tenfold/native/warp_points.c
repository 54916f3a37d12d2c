/* Where a target's pixels look in the source. */
#include "warp_spline.h"

/* Farther than any raster reaches; and how far a block's points may be apart. */
static const double FAR = 1e12;
static const float APART = 1e5f;

INLINE ptrdiff_t whole_below(double value) {
    const double kept = value > -FAR ? value < FAR ? value : FAR : -FAR;
    return (ptrdiff_t)__builtin_floor(kept);
}

static void through_matrix(const double *m, double *x, double *y) {
    const double scale = m[6] * *x + m[7] * *y + m[8];
    const double u = (m[0] * *x + m[1] * *y + m[2]) / scale;
    *y = (m[3] * *x + m[4] * *y + m[5]) / scale;
    *x = u;
}

void warp_through(const Stage *stage, double *x, double *y) {
    if (stage->rows) through_spline(stage, x, y);
    else through_matrix(stage->numbers, x, y);
}

static void all_through_matrix(const double *m, Places *places, ptrdiff_t n) {
    double *restrict x = places->x, *restrict y = places->y;
    if (m[6] == 0 && m[7] == 0) {
        const double a = m[0] / m[8], b = m[1] / m[8], c = m[2] / m[8];
        const double d = m[3] / m[8], e = m[4] / m[8], f = m[5] / m[8];
        for (ptrdiff_t k = 0; k < n; k++) {
            const double u = a * x[k] + b * y[k] + c;
            y[k] = d * x[k] + e * y[k] + f;
            x[k] = u;
        }
        return;
    }
    for (ptrdiff_t k = 0; k < n; k++) {
        const double scale = 1 / (m[6] * x[k] + m[7] * y[k] + m[8]);
        const double u = (m[0] * x[k] + m[1] * y[k] + m[2]) * scale;
        y[k] = (m[3] * x[k] + m[4] * y[k] + m[5]) * scale;
        x[k] = u;
    }
}

/* Any chain, stage by stage. */
static void points_of_chain(const Column *column, ptrdiff_t row, Points *points) {
    const Chain *chain = column->chain;
    const ptrdiff_t n = points->n;
    Places places;
    for (ptrdiff_t k = 0; k < n; k++) {
        places.x[k] = (double)(column->first + k) + 0.5;
        places.y[k] = (double)row + 0.5;
    }
    for (ptrdiff_t s = 0; s < chain->count; s++) {
        const Stage *stage = &chain->stages[s];
        if (stage->rows) all_through_spline(stage, &places, n);
        else all_through_matrix(stage->numbers, &places, n);
    }
    /* Relative to the place nearest to the raster's origin: the first may be anywhere if a horizon
     * is near, and those within the raster would be told apart no more. */
    ptrdiff_t origin = 0;
    double least = FAR;
    for (ptrdiff_t k = 0; k < n; k++) {
        const double distance = __builtin_fabs(places.x[k]) + __builtin_fabs(places.y[k]);
        if (distance < least) {
            least = distance;
            origin = k;
        }
    }
    points->x = whole_below(places.x[origin] - 0.5);
    points->y = whole_below(places.y[origin] - 0.5);
    const double x = (double)points->x + 0.5, y = (double)points->y + 0.5;
    for (ptrdiff_t k = 0; k < n; k++) {
        points->u[k] = (float)(places.x[k] - x);
        points->v[k] = (float)(places.y[k] - y);
    }
}

/* One control row along the column's pixels, as a cubic polynomial in each cell. */
static void expand(Column *column, ptrdiff_t row) {
    const Stage *bend = column->bend;
    const ptrdiff_t cells = bend->columns - 3, first = column->first, end = first + column->n;
    const double a_pixel = (double)cells / (double)bend->width;
    ptrdiff_t x = first;
    ptrdiff_t cell = (ptrdiff_t)(((double)first + 0.5) * a_pixel);
    for (; x < end; cell++) {
        if (cell > cells - 1) cell = cells - 1;
        ptrdiff_t stop = (ptrdiff_t)__builtin_ceil((double)(cell + 1) / a_pixel - 0.5);
        if (stop > end || cell == cells - 1) stop = end;
        const float start = (float)(((double)x + 0.5) * a_pixel - (double)cell);
        const float step = (float)a_pixel;
        const double *p = bend->numbers + 2 * (row * bend->columns + cell);
        for (int axis = 0; axis < 2; axis++, p++) {
            const float c0 = (float)((p[0] + 4 * p[2] + p[4]) / 6);
            const float c1 = (float)((p[4] - p[0]) / 2);
            const float c2 = (float)((p[0] - 2 * p[2] + p[4]) / 2);
            const float c3 = (float)((p[6] - p[0] + 3 * (p[2] - p[4])) / 6);
            float *restrict strip = column->strips[axis][row % 4] + (x - first);
            for (int k = 0; k < (int)(stop - x); k++) {
                const float t = start + step * (float)k;
                strip[k] = c0 + t * (c1 + t * (c2 + t * c3));
            }
        }
        x = stop;
    }
    for (int axis = 0; axis < 2; axis++) {
        float *strip = column->strips[axis][row % 4];
        for (ptrdiff_t k = column->n; k % LANES; k++) strip[k] = strip[k - 1];
    }
}

/* The four control rows about a row of cells, as cubic polynomials of the place within it; through
 * the matrix, if that is affine. */
static void fit(Column *column, ptrdiff_t top) {
    const double *m = column->matrix;
    for (int axis = 0; axis < 2; axis++) {
        const float *p0 = column->strips[axis][top % 4], *p1 = column->strips[axis][(top + 1) % 4];
        const float *p2 = column->strips[axis][(top + 2) % 4];
        const float *p3 = column->strips[axis][(top + 3) % 4];
        float (*restrict fitted)[BLOCK] = column->fitted[axis];
        for (ptrdiff_t start = 0; start < column->n; start += LANES)
            for (int j = 0; j < LANES; j++) {
                const ptrdiff_t k = start + j;
                const float p[4] = {p0[k], p1[k], p2[k], p3[k]};
                float c[4];
                polynomial(p, c);
                for (int i = 0; i < 4; i++) fitted[i][k] = c[i];
            }
    }
    column->cell = top;
    if (!column->affine) return;
    const float a = (float)(m[0] / m[8]), b = (float)(m[1] / m[8]);
    const float c = (float)(m[3] / m[8]), d = (float)(m[4] / m[8]);
    const int lanes = (int)(column->n + LANES - 1) / LANES * LANES;
    for (int i = 0; i < 4; i++) {
        float *restrict dx = column->fitted[0][i], *restrict dy = column->fitted[1][i];
        for (int k = 0; k < lanes; k++) {
            const float x = dx[k], y = dy[k];
            dx[k] = a * x + b * y;
            dy[k] = c * x + d * y;
        }
    }
}

typedef float Floats __attribute__((ext_vector_type(LANES), aligned(4)));

INLINE Floats lesser(Floats a, Floats b) { return a < b ? a : b; }
INLINE Floats greater(Floats a, Floats b) { return a > b ? a : b; }

typedef float Eight __attribute__((ext_vector_type(LANES / 2)));
typedef float Four __attribute__((ext_vector_type(LANES / 4)));

INLINE float least_of(Floats lanes) {
    const Eight eight = lanes.lo < lanes.hi ? lanes.lo : lanes.hi;
    const Four four = eight.lo < eight.hi ? eight.lo : eight.hi;
    const float a = four[0] < four[1] ? four[0] : four[1],
                b = four[2] < four[3] ? four[2] : four[3];
    return a < b ? a : b;
}

INLINE float most_of(Floats lanes) { return -least_of(-lanes); }

static void limits(Points *points) {
    Floats least_u, most_u, least_v, most_v;
    least_u = most_u = *(const Floats *)points->u;
    least_v = most_v = *(const Floats *)points->v;
    for (ptrdiff_t k = LANES; k < points->n; k += LANES) {
        const Floats u = *(const Floats *)(points->u + k), v = *(const Floats *)(points->v + k);
        least_u = lesser(u, least_u);
        most_u = greater(u, most_u);
        least_v = lesser(v, least_v);
        most_v = greater(v, most_v);
    }
    points->least_u = least_of(least_u);
    points->most_u = most_of(most_u);
    points->least_v = least_of(least_v);
    points->most_v = most_of(most_v);
}

/* Relative to the block's first pixel, whose own place is exact: so float32 is precise enough
 * however large the raster. For a projective map with u0 the place of the first pixel,
 * u - u0 = ((a - u0 g) X + (b - u0 h) Y) / (D0 + g X + h Y), where X and Y are steps from it. */
INLINE void points_of_matrix(
    const Column *column, ptrdiff_t row, Points *points, const int bent, const int affine
) {
    const double *m = column->matrix;
    const double x = (double)column->first + 0.5, y = (double)row + 0.5;
    const double d0 = m[6] * x + m[7] * y + m[8];
    const double u0 = (m[0] * x + m[1] * y + m[2]) / d0, v0 = (m[3] * x + m[4] * y + m[5]) / d0;
    points->x = whole_below(u0);
    points->y = whole_below(v0);
    const float fu = (float)(u0 - (double)points->x), fv = (float)(v0 - (double)points->y);
    const float a = (float)((m[0] - u0 * m[6]) / d0), b = (float)((m[1] - u0 * m[7]) / d0);
    const float c = (float)((m[3] - v0 * m[6]) / d0), d = (float)((m[4] - v0 * m[7]) / d0);
    const float g = (float)(m[6] / d0), h = (float)(m[7] / d0);
    const float (*dx)[BLOCK] = column->fitted[0], (*dy)[BLOCK] = column->fitted[1];
    float t = 0;
    if (bent)
        t = (float)(y * (double)(column->bend->rows - 3) / (double)column->bend->height -
                    (double)column->cell);
    float *restrict u = points->u, *restrict v = points->v;
    const int last = (int)points->n - 1;
    for (int start = 0; start <= last; start += LANES)
        for (int j = 0; j < LANES; j++) {
            const int k = start + j;
            float steps = (float)(k < last ? k : last), down = 0, bend_x = 0, bend_y = 0;
            if (bent) {
                bend_x = dx[0][k] + t * (dx[1][k] + t * (dx[2][k] + t * dx[3][k]));
                bend_y = dy[0][k] + t * (dy[1][k] + t * (dy[2][k] + t * dy[3][k]));
            }
            if (bent && !affine) {
                steps += bend_x;
                down = bend_y;
            }
            float ru = a * steps, rv = c * steps;
            if (bent) {
                ru += affine ? bend_x : b * down;
                rv += affine ? bend_y : d * down;
            }
            if (!affine) {
                float scale = 1.0f + g * steps;
                if (bent) scale += h * down;
                scale = 1.0f / scale;
                ru *= scale;
                rv *= scale;
            }
            ru += fu;
            rv += fv;
            u[k] = ru;
            v[k] = rv;
        }
    if (bent) {
        limits(points);
        return;
    }
    points->least_u = u[0] < u[last] ? u[0] : u[last];
    points->most_u = u[0] < u[last] ? u[last] : u[0];
    points->least_v = v[0] < v[last] ? v[0] : v[last];
    points->most_v = v[0] < v[last] ? v[last] : v[0];
}

void warp_points(Column *column, ptrdiff_t row, Points *points) {
    points->n = column->n;
    if (!column->straight) {
        points_of_chain(column, row, points);
    } else if (column->bend) {
        const ptrdiff_t cells = column->bend->rows - 3;
        const double position = ((double)row + 0.5) * (double)cells / (double)column->bend->height;
        const ptrdiff_t top = (ptrdiff_t)position < cells ? (ptrdiff_t)position : cells - 1;
        if (top != column->cell) {
            if (column->expanded < top) column->expanded = top;
            for (; column->expanded < top + 4; column->expanded++) expand(column, column->expanded);
            fit(column, top);
        }
        if (column->affine) points_of_matrix(column, row, points, 1, 1);
        else points_of_matrix(column, row, points, 1, 0);
    } else if (column->affine) points_of_matrix(column, row, points, 0, 1);
    else points_of_matrix(column, row, points, 0, 0);
    const int near = points->least_u > -APART && points->least_v > -APART &&
                     points->most_u < APART && points->most_v < APART;
    if (column->straight && near) return;
    if (column->straight) points_of_chain(column, row, points);
    /* Not-a-number, where a projective map has its horizon, becomes far, too. */
    for (ptrdiff_t k = 0; k < points->n; k++) {
        float u = points->u[k], v = points->v[k];
        u = u > -APART ? u : -APART;
        v = v > -APART ? v : -APART;
        points->u[k] = u < APART ? u : APART;
        points->v[k] = v < APART ? v : APART;
    }
    for (ptrdiff_t k = points->n; k % LANES; k++) {
        points->u[k] = points->u[k - 1];
        points->v[k] = points->v[k - 1];
    }
    limits(points);
}

/* The farthest that a spline moves anything along an axis. */
static double reach_of(const Stage *bend) {
    double reach = 0;
    for (ptrdiff_t k = 0; k < 2 * bend->rows * bend->columns; k++) {
        const double size = __builtin_fabs(bend->numbers[k]);
        if (size > reach) reach = size;
    }
    return reach;
}

/* Whether a projective matrix keeps well away from its horizon over a frame and some way around. */
static int before_horizon(const double *m, const Chain *chain, double reach) {
    double least = 1e300, most = -1e300;
    for (int corner = 0; corner < 4; corner++) {
        const double x = corner & 1 ? (double)chain->width + reach : -reach;
        const double y = corner & 2 ? (double)chain->height + reach : -reach;
        const double scale = m[6] * x + m[7] * y + m[8];
        if (scale < least) least = scale;
        if (scale > most) most = scale;
    }
    return least > 0 ? least > most * 1e-3 : most < 0 && most < least * 1e-3;
}

void warp_column(Column *column, const Chain *chain, ptrdiff_t first, ptrdiff_t n) {
    const Stage *stage = chain->stages, *end = stage + chain->count;
    column->chain = chain;
    column->first = first;
    column->n = n;
    column->expanded = 0;
    column->cell = -1;
    column->bend = 0;
    if (stage < end && stage->rows && stage->height == chain->height &&
        stage->width == chain->width)
        column->bend = stage++;
    column->reach = column->bend ? reach_of(column->bend) : 0;
    static const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const double *m = identity;
    if (stage < end && !stage->rows) m = (stage++)->numbers;
    for (int k = 0; k < 3; k++) { /* centres at whole numbers */
        column->matrix[k] = m[k] - 0.5 * m[6 + k];
        column->matrix[3 + k] = m[3 + k] - 0.5 * m[6 + k];
        column->matrix[6 + k] = m[6 + k];
    }
    column->affine = m[6] == 0 && m[7] == 0;
    column->straight = stage == end && (column->affine || before_horizon(m, chain, column->reach));
}
