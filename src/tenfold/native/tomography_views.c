/* Filtered back-projection: views filtered, and each pixel's sum over what they hold at its place. */
#include "tomography_between.h"

#define BLOCK 64   /* filtered values made at once */
#define COLUMNS 512 /* pixels of a row that stay in the nearest cache */

INLINE void filter_some(const float *restrict row, ptrdiff_t size, const float *restrict kernel,
                        ptrdiff_t first, ptrdiff_t some, float *restrict out) {
    float sums[BLOCK] = {0};
    for (ptrdiff_t k = 0; k < size; k++) {
        const float *taps = kernel + size - 1 + first - k;
        const float value = row[k];
        for (ptrdiff_t j = 0; j < some; j++) sums[j] += value * taps[j];
    }
    for (ptrdiff_t j = 0; j < some; j++) out[first + j] = sums[j];
}

EXPORT void filter_views(const float *views, ptrdiff_t count, ptrdiff_t size, const float *kernel,
                         float *out) {
    for (ptrdiff_t v = 0; v < count; v++) {
        const float *row = views + v * size;
        ptrdiff_t first = 0;
        for (; first + BLOCK <= size; first += BLOCK)
            filter_some(row, size, kernel, first, BLOCK, out + v * size);
        if (first < size) filter_some(row, size, kernel, first, size - first, out + v * size);
    }
}

#if defined(TOGETHER)
/* Columns of 16 pixels. */
INLINE __m512 columns_at(ptrdiff_t first) {
    const __m512i steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_set1_epi32((int32_t)first), steps));
}

INLINE __m512 along(float start, float step, __m512 column) {
    return _mm512_add_ps(_mm512_set1_ps(start), _mm512_mul_ps(_mm512_set1_ps(step), column));
}
#endif

/* Parallel rays: a pixel's place is u. */
INLINE void add_parallel(const float *restrict view, float last, float start, float step,
                         ptrdiff_t from, ptrdiff_t columns, float *restrict sums) {
    ptrdiff_t c = 0;
#if defined(TOGETHER)
    for (; c + TOGETHER <= columns; c += TOGETHER) {
        const __m512 x = along(start, step, columns_at(from + c));
        const __m512 found = between_16(view, x, _mm512_set1_ps(last));
        _mm512_storeu_ps(sums + c, _mm512_add_ps(_mm512_loadu_ps(sums + c), found));
    }
#endif
    for (; c < columns; c++)
        sums[c] += between(view, start + step * (float)(int32_t)(from + c), last);
}

/* Rays from a point: its place is u / v, its weight 1 / v^2. */
INLINE void add_fan(const float *restrict view, float last, float start, float step, float depth,
                    float deeper, ptrdiff_t from, ptrdiff_t columns, float *restrict sums) {
    ptrdiff_t c = 0;
#if defined(TOGETHER)
    for (; c + TOGETHER <= columns; c += TOGETHER) {
        const __m512 column = columns_at(from + c);
        const __m512 inverse = _mm512_div_ps(_mm512_set1_ps(1), along(depth, deeper, column));
        const __m512 x = _mm512_mul_ps(along(start, step, column), inverse);
        const __m512 found = between_16(view, x, _mm512_set1_ps(last));
        const __m512 weighted = _mm512_mul_ps(_mm512_mul_ps(inverse, inverse), found);
        _mm512_storeu_ps(sums + c, _mm512_add_ps(_mm512_loadu_ps(sums + c), weighted));
    }
#endif
    for (; c < columns; c++) {
        const float column = (float)(int32_t)(from + c);
        const float inverse = 1 / (depth + deeper * column);
        sums[c] += inverse * inverse * between(view, (start + step * column) * inverse, last);
    }
}

EXPORT void back_views(const float *views, ptrdiff_t count, ptrdiff_t stride, const double *places,
                       int fan, ptrdiff_t height, ptrdiff_t width, float *image) {
    const float last = (float)(stride - 2);
    for (ptrdiff_t i = 0; i < height * width; i++) image[i] = 0;
    for (ptrdiff_t r = 0; r < height; r++) {
        for (ptrdiff_t from = 0; from < width; from += COLUMNS) {
            const ptrdiff_t some = width - from < COLUMNS ? width - from : COLUMNS;
            float *sums = image + r * width + from;
            for (ptrdiff_t v = 0; v < count; v++) {
                const double *p = places + 6 * v;
                const float start = (float)(p[0] + p[2] * (double)r), step = (float)p[1];
                if (fan)
                    add_fan(views + v * stride, last, start, step,
                            (float)(p[3] + p[5] * (double)r), (float)p[4], from, some, sums);
                else
                    add_parallel(views + v * stride, last, start, step, from, some, sums);
            }
        }
    }
}
