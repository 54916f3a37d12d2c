/* Sums along straight rays through an image, and their transpose (Joseph, "An improved algorithm for
 * reprojecting rays through pixel images", IEEE TMI 1, 1982): a ray is looked at where it crosses the
 * middle of each line, between two pixels.
 */
#include "tomography_between.h"

#define RAYS 512 /* taken together, so that all that is known of them stays in the nearest cache */
#define HELD 65536 /* pixels taken together, likewise, in the next cache */
#define LINES 4  /* spread together, so that sums into the same pixel don't wait for each other */

INLINE void add_line(const float *restrict line, float number, float last,
                     const float *restrict starts, const float *restrict slopes, ptrdiff_t rays,
                     float *restrict sums) {
    ptrdiff_t k = 0;
#if defined(TOGETHER)
    const __m512 numbers = _mm512_set1_ps(number), lasts = _mm512_set1_ps(last);
    for (; k + TOGETHER <= rays; k += TOGETHER) {
        const __m512 far = _mm512_mul_ps(_mm512_loadu_ps(slopes + k), numbers);
        const __m512 x = _mm512_add_ps(_mm512_loadu_ps(starts + k), far);
        const __m512 found = between_16(line, x, lasts);
        _mm512_storeu_ps(sums + k, _mm512_add_ps(_mm512_loadu_ps(sums + k), found));
    }
#endif
    for (; k < rays; k++) sums[k] += between(line, starts[k] + slopes[k] * number, last);
}

/* A multiple of LINES. */
INLINE ptrdiff_t lines_held(ptrdiff_t stride) {
    const ptrdiff_t fit = HELD / stride / LINES * LINES;
    return fit > LINES ? fit : LINES;
}

EXPORT void ray_sums(const float *lines, ptrdiff_t count, ptrdiff_t stride, const float *starts,
                     const float *slopes, ptrdiff_t rays, float *sums) {
    const float last = (float)(stride - 2);
    const ptrdiff_t held = lines_held(stride);
    for (ptrdiff_t k = 0; k < rays; k++) sums[k] = 0;
    for (ptrdiff_t first = 0; first < count; first += held) {
        const ptrdiff_t end = first + held < count ? first + held : count;
        for (ptrdiff_t k = 0; k < rays; k += RAYS) {
            const ptrdiff_t some = rays - k < RAYS ? rays - k : RAYS;
            for (ptrdiff_t n = first; n < end; n++)
                add_line(lines + n * stride, (float)n, last, starts + k, slopes + k, some, sums + k);
        }
    }
}

typedef struct {
    int32_t at[LINES][RAYS];
    float here[LINES][RAYS], next[LINES][RAYS]; /* what two neighbours get */
} shares;

INLINE void share_out(const float *restrict values, const float *restrict starts,
                      const float *restrict slopes, ptrdiff_t rays, float number, float last,
                      int32_t *restrict at, float *restrict here, float *restrict next) {
    for (ptrdiff_t k = 0; k < rays; k++) {
        const float x = within_line(starts[k] + slopes[k] * number, last);
        const int32_t i = (int32_t)x;
        const float part = (x - (float)i) * values[k];
        at[k] = i;
        next[k] = part;
        here[k] = values[k] - part;
    }
}

INLINE void spread_lines(const shares *of, ptrdiff_t rays, ptrdiff_t count, ptrdiff_t stride,
                         float *lines) {
    const ptrdiff_t together = count == LINES ? rays : 0;
    for (ptrdiff_t j = 0; j < together; j++)
        for (int r = 0; r < LINES; r++) {
            float *pixel = lines + r * stride + of->at[r][j];
            pixel[0] += of->here[r][j];
            pixel[1] += of->next[r][j];
        }
    for (ptrdiff_t r = 0; r < count; r++)
        for (ptrdiff_t j = together; j < rays; j++) {
            float *pixel = lines + r * stride + of->at[r][j];
            pixel[0] += of->here[r][j];
            pixel[1] += of->next[r][j];
        }
}

EXPORT void ray_spread(const float *values, const float *starts, const float *slopes, ptrdiff_t rays,
                       ptrdiff_t count, ptrdiff_t stride, float *lines) {
    const float last = (float)(stride - 2);
    shares of;
    const ptrdiff_t held = lines_held(stride);
    for (ptrdiff_t i = 0; i < count * stride; i++) lines[i] = 0;
    for (ptrdiff_t first = 0; first < count; first += held) {
        const ptrdiff_t end = first + held < count ? first + held : count;
        for (ptrdiff_t k = 0; k < rays; k += RAYS) {
            const ptrdiff_t some = rays - k < RAYS ? rays - k : RAYS;
            for (ptrdiff_t n = first; n < end; n += LINES) {
                const ptrdiff_t few = end - n < LINES ? end - n : LINES;
                for (ptrdiff_t r = 0; r < few; r++)
                    share_out(values + k, starts + k, slopes + k, some, (float)(n + r), last,
                              of.at[r], of.here[r], of.next[r]);
                spread_lines(&of, some, few, stride, lines + n * stride);
            }
        }
    }
}
