/* Flips, quarter turns and whole shifts: pixels moved as they are, as fast as memory takes them. */
#include "warp.h"

#if defined(__AVX512VBMI__)
#include <immintrin.h>
#endif

typedef struct {
    ptrdiff_t step, start; /* target index k looks at source index step * k + start */
} Axis;

typedef struct {
    const u8 *source;
    ptrdiff_t height, width, size;
    u8 *target;
    ptrdiff_t target_height, target_width;
    Axis across, down;
    int border;
    const u8 *beyond;
} Move;

/* Target indices [*first, *end) that look inside a side. */
INLINE void inside(Axis axis, ptrdiff_t side, ptrdiff_t count, ptrdiff_t *first, ptrdiff_t *end) {
    const ptrdiff_t a = axis.step > 0 ? -axis.start : axis.start - side + 1, b = a + side;
    *first = a < 0 ? 0 : a < count ? a : count;
    *end = b < *first ? *first : b < count ? b : count;
}

INLINE void copy_pixel(u8 *to, const u8 *from, ptrdiff_t size) {
    for (ptrdiff_t b = 0; b < size; b++) to[b] = from[b];
}

typedef u8 Sixteen __attribute__((vector_size(16), aligned(1)));

/* RGB backwards; `from` is the last pixel. Read forwards, as memory likes it; each vector's first
 * byte is written over by the next one, its last read for nothing. */
static void reverse_rgb(u8 *restrict to, const u8 *restrict from, ptrdiff_t n) {
    from -= 3 * (n - 1);
    ptrdiff_t left = n;
#if defined(__AVX512VBMI__)
    u8 order[64];
    order[0] = 0;
    for (int b = 0; b < 63; b++) order[b + 1] = (u8)(60 - b / 3 * 3 + b % 3);
    const __m512i shuffle = _mm512_loadu_si512(order);
    for (; left >= 22; left -= 21, from += 63) {
        const __m512i there = _mm512_loadu_si512(from);
        _mm512_storeu_si512(to + 3 * (left - 21) - 1, _mm512_permutexvar_epi8(shuffle, there));
    }
#endif
    for (; left >= 6; left -= 5, from += 15) {
        const Sixteen there = *(const Sixteen *)from;
        *(Sixteen *)(to + 3 * (left - 5) - 1) = __builtin_shufflevector(
            there, there, 0, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2
        );
    }
    for (; left > 0; left--, from += 3) copy_pixel(to + 3 * (left - 1), from, 3);
}

INLINE void reverse(u8 *restrict to, const u8 *restrict from, ptrdiff_t n, const ptrdiff_t size) {
    for (ptrdiff_t k = 0; k < n; k++) copy_pixel(to + size * k, from - size * k, size);
}

static void backwards(u8 *restrict to, const u8 *restrict from, ptrdiff_t n, ptrdiff_t size) {
    switch (size) {
    case 1:
        reverse(to, from, n, 1);
        break;
    case 2:
        reverse(to, from, n, 2);
        break;
    case 3:
        reverse_rgb(to, from, n);
        break;
    case 4:
        reverse(to, from, n, 4);
        break;
    case 6:
        reverse(to, from, n, 6);
        break;
    case 8:
        reverse(to, from, n, 8);
        break;
    case 12:
        reverse(to, from, n, 12);
        break;
    default:
        reverse(to, from, n, size);
    }
}

/* What lies beyond a row's ends, from a row of the source (null beyond a constant border). */
static void beyond_row(const Move *m, u8 *to, const u8 *row, ptrdiff_t first, ptrdiff_t end) {
    for (ptrdiff_t k = first; k < end; k++) {
        const ptrdiff_t x =
            row ? warp_inside(m->across.step * k + m->across.start, m->width, m->border) : -1;
        copy_pixel(to + k * m->size, x < 0 ? m->beyond : row + x * m->size, m->size);
    }
}

static void along_rows(const Move *m) {
    ptrdiff_t first, end;
    inside(m->across, m->width, m->target_width, &first, &end);
    for (ptrdiff_t i = 0; i < m->target_height; i++) {
        /* In the order of the source's rows, which memory is read in best. */
        const ptrdiff_t k = m->down.step > 0 ? i : m->target_height - 1 - i;
        u8 *to = m->target + k * m->target_width * m->size;
        const ptrdiff_t y = warp_inside(m->down.step * k + m->down.start, m->height, m->border);
        const u8 *row = y < 0 ? 0 : m->source + y * m->width * m->size;
        if (!row) {
            beyond_row(m, to, 0, 0, m->target_width);
            continue;
        }
        beyond_row(m, to, row, 0, first);
        const u8 *from = row + (m->across.step * first + m->across.start) * m->size;
        if (end == first) {
        } else if (m->across.step > 0) {
            __builtin_memcpy(to + first * m->size, from, (size_t)((end - first) * m->size));
        } else {
            backwards(to + first * m->size, from, end - first, m->size);
        }
        beyond_row(m, to, row, end, m->target_width);
    }
}

/* Target rows are source columns, here: tile by tile, so that both stay in the cache. */
INLINE void across_tile(
    const Move *m, ptrdiff_t y0, ptrdiff_t y1, ptrdiff_t x0, ptrdiff_t x1, const ptrdiff_t size
) {
    const ptrdiff_t stride = m->width * size * m->down.step;
    for (ptrdiff_t y = y0; y < y1; y++) {
        const u8 *from = m->source + (m->across.step * y + m->across.start) * size +
                         (m->down.step * x0 + m->down.start) * m->width * size;
        u8 *to = m->target + (y * m->target_width + x0) * size;
        for (ptrdiff_t x = x0; x < x1; x++, to += size, from += stride) copy_pixel(to, from, size);
    }
}

static void tile(const Move *m, ptrdiff_t y0, ptrdiff_t y1, ptrdiff_t x0, ptrdiff_t x1) {
    switch (m->size) {
    case 1:
        across_tile(m, y0, y1, x0, x1, 1);
        break;
    case 2:
        across_tile(m, y0, y1, x0, x1, 2);
        break;
    case 3:
        across_tile(m, y0, y1, x0, x1, 3);
        break;
    case 4:
        across_tile(m, y0, y1, x0, x1, 4);
        break;
    case 6:
        across_tile(m, y0, y1, x0, x1, 6);
        break;
    case 8:
        across_tile(m, y0, y1, x0, x1, 8);
        break;
    case 12:
        across_tile(m, y0, y1, x0, x1, 12);
        break;
    default:
        across_tile(m, y0, y1, x0, x1, m->size);
    }
}

static void transposed(const Move *m) {
    enum { SIDE = 32 };
    ptrdiff_t top, bottom, first, end;
    inside(m->across, m->width, m->target_height, &top, &bottom);
    inside(m->down, m->height, m->target_width, &first, &end);
    for (ptrdiff_t y = top; y < bottom; y += SIDE)
        for (ptrdiff_t x = first; x < end; x += SIDE)
            tile(m, y, y + SIDE < bottom ? y + SIDE : bottom, x, x + SIDE < end ? x + SIDE : end);
    for (ptrdiff_t k = 0; k < m->target_height; k++) {
        const int within = k >= top && k < bottom;
        const ptrdiff_t x = warp_inside(m->across.step * k + m->across.start, m->width, m->border);
        u8 *to = m->target + k * m->target_width * m->size;
        for (ptrdiff_t i = 0; i < m->target_width; i++) {
            if (within && i == first && first < end) i = end;
            if (i == m->target_width) break;
            const ptrdiff_t y = warp_inside(m->down.step * i + m->down.start, m->height, m->border);
            const u8 *from = x < 0 || y < 0 ? m->beyond : m->source + (y * m->width + x) * m->size;
            copy_pixel(to + i * m->size, from, m->size);
        }
    }
}

/* A whole number, kept where sums with it can't overflow; what is no number is 0. */
INLINE ptrdiff_t whole(double value) {
    const double far = 1e15;
    return value > -far ? (ptrdiff_t)(value < far ? value : far) : value == value ? -(ptrdiff_t)far : 0;
}

EXPORT void tenfold_move(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t size, void *target,
    ptrdiff_t target_height, ptrdiff_t target_width, const double *matrix, int border,
    const void *beyond
) {
    Move m = {source,       height, width,  size,   target, target_height,
              target_width, {0, 0}, {0, 0}, border, beyond};
    ptrdiff_t by[6];
    for (int k = 0; k < 6; k++) by[k] = whole(__builtin_rint(matrix[k]));
    const int turned = by[0] == 0;
    const ptrdiff_t x = by[turned ? 1 : 0], y = by[turned ? 3 : 4];
    /* From centre to centre: half a pixel less on one side and half a step more on the other. */
    m.across = (Axis){x, by[2] - (x < 0)};
    m.down = (Axis){y, by[5] - (y < 0)};
    if (turned) transposed(&m);
    else along_rows(&m);
}
