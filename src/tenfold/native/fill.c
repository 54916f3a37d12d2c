/* Rectangles covered. */
#include <string.h>

#include "random.h"

/* The first pixel by hand, then what is there is doubled. */
static void repeat(u8 *to, const u8 *colour, ptrdiff_t pixel, ptrdiff_t bytes) {
    memcpy(to, colour, (size_t)pixel);
    for (ptrdiff_t done = pixel; done < bytes; done *= 2)
        memcpy(to + done, to, (size_t)(bytes - done < done ? bytes - done : done));
}

EXPORT void fill_rectangles(const u8 *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t pixel,
                            const int64_t *rectangles, ptrdiff_t count, const u8 *colour, u8 *dst) {
    const ptrdiff_t row = width * pixel;
    if (dst != src) memcpy(dst, src, (size_t)(height * row));
    for (ptrdiff_t k = 0; k < count; k++, rectangles += 4) {
        const ptrdiff_t bytes = (rectangles[2] - rectangles[0]) * pixel;
        u8 *first = dst + rectangles[1] * row + rectangles[0] * pixel;
        if (bytes <= 0 || rectangles[3] <= rectangles[1]) continue;
        repeat(first, colour, pixel, bytes);
        for (ptrdiff_t y = 1; y < rectangles[3] - rectangles[1]; y++)
            memcpy(first + y * row, first, (size_t)bytes);
    }
}

/* From a word to a value from low to high. */
#define WHOLE(T, word, low, high) (T)((low) + (T)((u64)(word) * ((u64)((high) - (low)) + 1) >> 32))
#define REAL(T, word, low, high) ((low) + ((high) - (low)) * ((float)((word) >> 8) * 0x1p-24f))

#define FILL_NOISE(T, NAME, VALUE)                                                                   \
    EXPORT void NAME(ptrdiff_t width, ptrdiff_t channels, const int64_t *rectangles,                 \
                     ptrdiff_t count, u64 seed, T low, T high, T *dst) {                             \
        u32 words[WORDS];                                                                            \
        u64 number = 0; /* of the value, through all rectangles */                                   \
        for (ptrdiff_t k = 0; k < count; k++, rectangles += 4) {                                     \
            for (ptrdiff_t y = rectangles[1]; y < rectangles[3]; y++) {                              \
                T *row = dst + (y * width + rectangles[0]) * channels;                               \
                const ptrdiff_t values = (rectangles[2] - rectangles[0]) * channels;                 \
                for (ptrdiff_t i = 0; i < values;) {                                                 \
                    const ptrdiff_t at = (ptrdiff_t)(number % WORDS), left = WORDS - at;             \
                    const ptrdiff_t some = values - i < left ? values - i : left;                    \
                    if (at == 0) random_words(words, seed, STREAM_FILL, number / WORDS);             \
                    for (ptrdiff_t j = 0; j < some; j++)                                             \
                        row[i + j] = VALUE(T, words[at + j], low, high);                             \
                    i += some;                                                                       \
                    number += (u64)some;                                                             \
                }                                                                                    \
            }                                                                                        \
        }                                                                                            \
    }

FILL_NOISE(u8, fill_noise_u8, WHOLE)
FILL_NOISE(u16, fill_noise_u16, WHOLE)
FILL_NOISE(float, fill_noise_f32, REAL)
