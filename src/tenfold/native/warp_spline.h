/* Uniform cubic B-spline displacements at any points (Rueckert et al. 1999, equation 2). */
#ifndef TENFOLD_WARP_SPLINE_H
#define TENFOLD_WARP_SPLINE_H

#include "warp.h"

typedef struct {
    double x[BLOCK], y[BLOCK];
} Places;

/* Uniform cubic B-spline: the cell of a position, in cells, and the weights of its four points. */
INLINE ptrdiff_t basis(double position, ptrdiff_t cells, double weights[4]) {
    const double most = (double)cells;
    const double kept = position > 0 ? position < most ? position : most : 0;
    ptrdiff_t first = (ptrdiff_t)kept;
    if (first > cells - 1) first = cells - 1;
    const double f = kept - (double)first, g = 1 - f;
    weights[0] = g * g * g / 6;
    weights[1] = (3 * f * f * f - 6 * f * f + 4) / 6;
    weights[2] = (-3 * f * f * f + 3 * f * f + 3 * f + 1) / 6;
    weights[3] = f * f * f / 6;
    return first;
}

INLINE void through_spline(const Stage *stage, double *x, double *y) {
    double wx[4], wy[4];
    const ptrdiff_t across = stage->columns - 3, down = stage->rows - 3;
    const ptrdiff_t i = basis(*y * (double)down / (double)stage->height, down, wy);
    const ptrdiff_t j = basis(*x * (double)across / (double)stage->width, across, wx);
    const double *patch = stage->numbers + 2 * (i * stage->columns + j);
    double dx = 0, dy = 0;
    for (int a = 0; a < 4; a++, patch += 2 * stage->columns) {
        dx += wy[a] * (wx[0] * patch[0] + wx[1] * patch[2] + wx[2] * patch[4] + wx[3] * patch[6]);
        dy += wy[a] * (wx[0] * patch[1] + wx[1] * patch[3] + wx[2] * patch[5] + wx[3] * patch[7]);
    }
    *x += dx;
    *y += dy;
}

/* Four values of a cubic B-spline as a polynomial of the place within the cell. */
INLINE void polynomial(const float p[4], float c[4]) {
    c[0] = ((p[0] + p[2]) + 4.0f * p[1]) * (1.0f / 6.0f);
    c[1] = (p[2] - p[0]) * 0.5f;
    c[2] = ((p[0] + p[2]) - 2.0f * p[1]) * 0.5f;
    c[3] = ((p[3] - p[0]) + 3.0f * (p[1] - p[2])) * (1.0f / 6.0f);
}

/* One cell's displacement along one axis: c[i][j] goes with the i-th power of y, the j-th of x. */
INLINE void cell_polynomial(
    const Stage *stage, ptrdiff_t row, ptrdiff_t column, int axis, float c[4][4]
) {
    float along[4][4];
    for (int i = 0; i < 4; i++) {
        float p[4];
        const double *from = stage->numbers + 2 * ((row + i) * stage->columns + column) + axis;
        for (int j = 0; j < 4; j++) p[j] = (float)from[2 * j];
        polynomial(p, along[i]);
    }
    for (int j = 0; j < 4; j++) {
        const float p[4] = {along[0][j], along[1][j], along[2][j], along[3][j]};
        float down[4];
        polynomial(p, down);
        for (int i = 0; i < 4; i++) c[i][j] = down[i];
    }
}

INLINE void bend_along(
    float c[4][4], const float *restrict tx, const float *restrict ty, double *restrict to,
    ptrdiff_t n
) {
    for (ptrdiff_t k = 0; k < n; k++) {
        float sum[4];
        for (int i = 0; i < 4; i++)
            sum[i] = c[i][0] + tx[k] * (c[i][1] + tx[k] * (c[i][2] + tx[k] * c[i][3]));
        to[k] += (double)(sum[0] + ty[k] * (sum[1] + ty[k] * (sum[2] + ty[k] * sum[3])));
    }
}

/* Neighbouring points mostly lie in one cell, which is one polynomial for all of them. */
INLINE void all_through_spline(const Stage *stage, Places *places, ptrdiff_t n) {
    const double across = (double)(stage->columns - 3), down = (double)(stage->rows - 3);
    const double scale_x = across / (double)stage->width, scale_y = down / (double)stage->height;
    float tx[BLOCK], ty[BLOCK];
    int32_t column[BLOCK], row[BLOCK];
    for (ptrdiff_t k = 0; k < n; k++) {
        double x = places->x[k] * scale_x, y = places->y[k] * scale_y;
        x = x > 0 ? x : 0;
        y = y > 0 ? y : 0;
        x = x < across ? x : across;
        y = y < down ? y : down;
        const double j = __builtin_floor(x < across - 1 ? x : across - 1);
        const double i = __builtin_floor(y < down - 1 ? y : down - 1);
        column[k] = (int32_t)j;
        row[k] = (int32_t)i;
        tx[k] = (float)(x - j);
        ty[k] = (float)(y - i);
    }
    for (ptrdiff_t start = 0, end; start < n; start = end) {
        end = start + 1;
        while (end < n && column[end] == column[start] && row[end] == row[start]) end++;
        float c[4][4];
        cell_polynomial(stage, row[start], column[start], 0, c);
        bend_along(c, tx + start, ty + start, places->x + start, end - start);
        cell_polynomial(stage, row[start], column[start], 1, c);
        bend_along(c, tx + start, ty + start, places->y + start, end - start);
    }
}

#endif
