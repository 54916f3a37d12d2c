/* A raster warped: its map is followed column by column, each BLOCK pixels wide. */
#include "warp.h"

enum { BAND = 32, LINE = 64, MOST = 1 << 19 }; /* rows; bytes */

INLINE ptrdiff_t within(double place, ptrdiff_t side) {
    return place > 0 ? place < (double)side ? (ptrdiff_t)place : side : 0;
}

/* Read ahead what the next rows of the column look at, about: row after row, as memory likes it. */
static void fetch(const Source *source, const Column *column, ptrdiff_t row) {
    const double *m = column->matrix;
    double left = 1e9, right = -1e9, top = 1e9, low = -1e9;
    for (int corner = 0; corner < 4; corner++) {
        const double x = (double)(column->first + (corner & 1 ? column->n : 0));
        const double y = (double)(row + (corner & 2 ? BAND : 0));
        const double scale = 1 / (m[6] * x + m[7] * y + m[8]);
        const double u = (m[0] * x + m[1] * y + m[2]) * scale;
        const double v = (m[3] * x + m[4] * y + m[5]) * scale;
        left = u < left ? u : left;
        right = u > right ? u : right;
        top = v < top ? v : top;
        low = v > low ? v : low;
    }
    const double about = column->reach / 2 + 1;
    const ptrdiff_t size = source->channels << source->type, stride = source->width * size;
    const ptrdiff_t x0 = within(left - about, source->width) * size;
    const ptrdiff_t x1 = within(right + about, source->width) * size;
    const ptrdiff_t y0 = within(top - about, source->height);
    const ptrdiff_t y1 = within(low + about, source->height);
    if ((x1 - x0) * (y1 - y0) > MOST) return;
    for (ptrdiff_t y = y0; y < y1; y++)
        for (ptrdiff_t at = x0; at < x1 + LINE; at += LINE)
            __builtin_prefetch(source->data + y * stride + at, 0, 2);
}

static void warp(const Source *source, u8 *target, const Chain *chain, int interpolation) {
    const ptrdiff_t size = source->channels << source->type;
    Column column;
    Points points;
    for (ptrdiff_t first = 0; first < chain->width; first += BLOCK) {
        const ptrdiff_t left = chain->width - first;
        warp_column(&column, chain, first, left < BLOCK ? left : BLOCK);
        if (interpolation == LINEAR && warp_grey(source, &column, target)) return;
        for (ptrdiff_t row = 0; row < chain->height; row++) {
            if (row % BAND == 0 && column.straight) fetch(source, &column, row);
            warp_points(&column, row, &points);
            u8 *there = target + (row * chain->width + first) * size;
            if (interpolation == NEAREST) warp_sample_nearest(source, &points, there);
            else if (interpolation == CUBIC || !warp_sample_bytes(source, &points, there))
                warp_sample_floats(source, &points, interpolation, there);
        }
    }
}

EXPORT void tenfold_warp(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, int type,
    void *target, ptrdiff_t target_height, ptrdiff_t target_width, const double *matrix,
    const double *control, ptrdiff_t rows, ptrdiff_t columns, int interpolation, int border,
    const void *beyond
) {
    const Source from = {source, height, width, channels, type, border, beyond};
    Stage stages[2];
    Chain chain = {stages, 0, target_height, target_width};
    if (control)
        stages[chain.count++] = (Stage){control, rows, columns, target_height, target_width};
    if (matrix) stages[chain.count++] = (Stage){matrix, 0, 0, 0, 0};
    warp(&from, target, &chain, interpolation);
}

EXPORT void tenfold_warp_chain(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, int type,
    void *target, ptrdiff_t target_height, ptrdiff_t target_width, const double *numbers,
    const ptrdiff_t *shapes, ptrdiff_t count, int interpolation, int border, const void *beyond
) {
    enum { MOST = 64 };
    const Source from = {source, height, width, channels, type, border, beyond};
    Stage stages[MOST];
    Chain chain = {stages, count < MOST ? count : MOST, target_height, target_width};
    for (ptrdiff_t k = 0; k < chain.count; k++, shapes += 4) {
        stages[k] = (Stage){numbers, shapes[0], shapes[1], shapes[2], shapes[3]};
        numbers += shapes[0] ? 2 * shapes[0] * shapes[1] : 9;
    }
    warp(&from, target, &chain, interpolation);
}
