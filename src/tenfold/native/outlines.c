/* The outlines of all regions of a label image, along the edges of their pixels. */
#include "common.h"

/* One outline is followed with its region on the right, so that it runs clockwise on the screen
 * round a region and counterclockwise round a hole in it. Pixels that touch at a corner only are
 * not connected. */
typedef struct {
    const int32_t *labels;
    ptrdiff_t height, width;
} image;

INLINE int is(const image *m, ptrdiff_t y, ptrdiff_t x, int32_t label) {
    return y >= 0 && x >= 0 && y < m->height && x < m->width && m->labels[y * m->width + x] == label;
}

/* East, south, west, north: a step, and the pixels right and left of what comes after a corner. */
static const int8_t STEP[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
static const int8_t RIGHT[4][2] = {{0, 0}, {-1, 0}, {-1, -1}, {0, -1}};
static const int8_t LEFT[4][2] = {{0, -1}, {0, 0}, {-1, 0}, {-1, -1}};

EXPORT void tenfold_outlines(const int32_t *labels, ptrdiff_t height, ptrdiff_t width, u8 *seen,
                             int32_t *corners, int64_t *loops, int64_t *counts) {
    const image m = {labels, height, width};
    int64_t loop = 0, corner = 0;
    for (ptrdiff_t i = 0; i < height * width; i++) seen[i] = 0;
    for (ptrdiff_t row = 0; row < height; row++)
        for (ptrdiff_t column = 0; column < width; column++) {
            const int32_t label = labels[row * width + column];
            if (!label || seen[row * width + column] || is(&m, row - 1, column, label)) continue;
            ptrdiff_t x = column, y = row;
            int heading = 0;
            int64_t twice = 0; /* the area, signed */
            const int64_t begin = corner;
            do {
                if (corners) {
                    corners[2 * corner] = (int32_t)x;
                    corners[2 * corner + 1] = (int32_t)y;
                }
                corner++;
                const ptrdiff_t from_x = x, from_y = y;
                int turn;
                do {
                    if (!heading) seen[y * width + x] = 1;
                    x += STEP[heading][0], y += STEP[heading][1];
                    const int right = is(&m, y + RIGHT[heading][1], x + RIGHT[heading][0], label);
                    const int left = is(&m, y + LEFT[heading][1], x + LEFT[heading][0], label);
                    turn = !right ? 1 : left ? 3 : 0;
                } while (!turn);
                heading = (heading + turn) & 3;
                twice += (int64_t)from_x * y - (int64_t)x * from_y;
            } while (x != column || y != row || heading);
            if (loops) {
                loops[3 * loop] = label;
                loops[3 * loop + 1] = begin;
                loops[3 * loop + 2] = twice;
            }
            loop++;
        }
    counts[0] = loop, counts[1] = corner;
}
