/* Medians of small windows by sorting networks, on as many values at once as a vector holds. */
#include <string.h>

#include "edges.h"

/* Into order; the compiler drops whichever of the two nobody uses. */
#define LESS(a, b) ((a) < (b) ? (a) : (b))
#define MORE(a, b) ((a) < (b) ? (b) : (a))
#define ORDER(T, a, b)                                                                               \
    do {                                                                                             \
        const T less = LESS(a, b), more = MORE(a, b);                                                \
        a = less;                                                                                    \
        b = more;                                                                                    \
    } while (0)
#define SORT5(T, a, b, c, d, e)                                                                      \
    do {                                                                                             \
        ORDER(T, a, b);                                                                              \
        ORDER(T, d, e);                                                                              \
        ORDER(T, c, e);                                                                              \
        ORDER(T, c, d);                                                                              \
        ORDER(T, b, e);                                                                              \
        ORDER(T, a, d);                                                                              \
        ORDER(T, a, c);                                                                              \
        ORDER(T, b, d);                                                                              \
        ORDER(T, b, c);                                                                              \
    } while (0)

/* Of 3x3: sorted columns, then the greatest of the lowest, the middle of the middle ones and the
 * lowest of the greatest; their median is that of all nine. */
#define MEDIAN3(T, NAME)                                                                             \
    static void NAME##_columns3(const T *restrict r0, const T *restrict r1, const T *restrict r2,    \
                                ptrdiff_t count, T *restrict s0, T *restrict s1, T *restrict s2) {   \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            T a = r0[i], b = r1[i], c = r2[i];                                                       \
            ORDER(T, a, b);                                                                          \
            ORDER(T, b, c);                                                                          \
            ORDER(T, a, b);                                                                          \
            s0[i] = a, s1[i] = b, s2[i] = c;                                                         \
        }                                                                                            \
    }                                                                                                \
    static void NAME##_rows3(const T *restrict s0, const T *restrict s1, const T *restrict s2,       \
                             ptrdiff_t count, ptrdiff_t step, T *restrict dst) {                     \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            T a = MORE(s0[i - step], s0[i]), b = s1[i - step], c = LESS(s2[i - step], s2[i]);        \
            T d = s1[i], e = s1[i + step];                                                           \
            a = MORE(a, s0[i + step]);                                                               \
            c = LESS(c, s2[i + step]);                                                               \
            ORDER(T, b, d);                                                                          \
            ORDER(T, d, e);                                                                          \
            ORDER(T, b, d);                                                                          \
            ORDER(T, a, d);                                                                          \
            ORDER(T, d, c);                                                                          \
            dst[i] = MORE(a, d);                                                                     \
        }                                                                                            \
    }

/* Of 5x5: sorted columns; sorting the rows of these leaves the columns sorted (Knuth, The Art of
 * Computer Programming 3, 5.2.1). Then six values have too many above them to be the median, six
 * too many below; the network for the 13 left was found by a search and is checked against all 162
 * ways in which they can lie above or below a threshold. */
#define MEDIAN5(T, NAME)                                                                             \
    static void NAME##_columns5(const T *restrict r0, const T *restrict r1, const T *restrict r2,    \
                                const T *restrict r3, const T *restrict r4, ptrdiff_t count,         \
                                T *restrict s0, T *restrict s1, T *restrict s2, T *restrict s3,      \
                                T *restrict s4) {                                                    \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            T a = r0[i], b = r1[i], c = r2[i], d = r3[i], e = r4[i];                                 \
            SORT5(T, a, b, c, d, e);                                                                 \
            s0[i] = a, s1[i] = b, s2[i] = c, s3[i] = d, s4[i] = e;                                   \
        }                                                                                            \
    }                                                                                                \
    static void NAME##_rows5(const T *restrict s0, const T *restrict s1, const T *restrict s2,       \
                             const T *restrict s3, const T *restrict s4, ptrdiff_t count,            \
                             ptrdiff_t step, T *restrict dst) {                                      \
        for (ptrdiff_t i = 0; i < count; i++) {                                                      \
            const ptrdiff_t far = 2 * step;                                                          \
            T a0 = s0[i - far], a1 = s0[i - step], a2 = s0[i], a3 = s0[i + step], a4 = s0[i + far];  \
            SORT5(T, a0, a1, a2, a3, a4);                                                            \
            T b0 = s1[i - far], b1 = s1[i - step], b2 = s1[i], b3 = s1[i + step], b4 = s1[i + far];  \
            SORT5(T, b0, b1, b2, b3, b4);                                                            \
            T c0 = s2[i - far], c1 = s2[i - step], c2 = s2[i], c3 = s2[i + step], c4 = s2[i + far];  \
            SORT5(T, c0, c1, c2, c3, c4);                                                            \
            T d0 = s3[i - far], d1 = s3[i - step], d2 = s3[i], d3 = s3[i + step], d4 = s3[i + far];  \
            SORT5(T, d0, d1, d2, d3, d4);                                                            \
            T e0 = s4[i - far], e1 = s4[i - step], e2 = s4[i], e3 = s4[i + step], e4 = s4[i + far];  \
            SORT5(T, e0, e1, e2, e3, e4);                                                            \
            ORDER(T, b2, d0);                                                                        \
            ORDER(T, b4, c3);                                                                        \
            ORDER(T, a3, c1);                                                                        \
            ORDER(T, b3, e1);                                                                        \
            ORDER(T, a4, d2);                                                                        \
            ORDER(T, c1, d0);                                                                        \
            ORDER(T, b4, d1);                                                                        \
            ORDER(T, d1, e0);                                                                        \
            ORDER(T, d2, e0);                                                                        \
            ORDER(T, a4, d1);                                                                        \
            ORDER(T, b3, b4);                                                                        \
            ORDER(T, a4, b3);                                                                        \
            ORDER(T, b3, d0);                                                                        \
            ORDER(T, b3, c2);                                                                        \
            ORDER(T, d1, d2);                                                                        \
            ORDER(T, b4, d1);                                                                        \
            ORDER(T, c2, d1);                                                                        \
            ORDER(T, b4, c2);                                                                        \
            ORDER(T, b3, b4);                                                                        \
            ORDER(T, b4, d0);                                                                        \
            ORDER(T, c2, d0);                                                                        \
            dst[i] = c2;                                                                             \
        }                                                                                            \
    }

#define MEDIAN(T, NAME)                                                                              \
    MEDIAN3(T, NAME)                                                                                 \
    MEDIAN5(T, NAME)                                                                                 \
    EXPORT void NAME(const T *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,            \
                     ptrdiff_t radius, T *scratch, T *dst) {                                         \
        const ptrdiff_t row = width * channels, padded = row + 4 * channels + 64;                    \
        T *s[5];                                                                                     \
        for (int k = 0; k < 5; k++) s[k] = scratch + k * padded + 2 * channels;                      \
        for (ptrdiff_t y = 0; y < height; y++) {                                                     \
            const T *r[5];                                                                           \
            for (int k = 0; k < 2 * radius + 1; k++)                                                 \
                r[k] = src + clamped(y - radius + k, height) * row;                                  \
            if (radius == 1)                                                                         \
                NAME##_columns3(r[0], r[1], r[2], row, s[0], s[1], s[2]);                            \
            else                                                                                     \
                NAME##_columns5(r[0], r[1], r[2], r[3], r[4], row, s[0], s[1], s[2], s[3], s[4]);    \
            for (int k = 0; k < 2 * radius + 1; k++) EXTEND(s[k], width, channels, radius, clamped); \
            if (radius == 1)                                                                         \
                NAME##_rows3(s[0], s[1], s[2], row, channels, dst + y * row);                        \
            else                                                                                     \
                NAME##_rows5(s[0], s[1], s[2], s[3], s[4], row, channels, dst + y * row);            \
        }                                                                                            \
    }

MEDIAN(u8, median_u8)
MEDIAN(u16, median_u16)
MEDIAN(float, median_f32)
