/* Integer images looked up in tables: one for all channels or one for each. */
#include "planes.h"
#include "table.h"

static void look_up_three(const u8 *src, ptrdiff_t pixels, const u8 *tables, u8 *dst) {
    byte_planes planes;
    for (ptrdiff_t at = 0; at < pixels; at += BLOCK) {
        const ptrdiff_t n = pixels - at < BLOCK ? pixels - at : BLOCK;
        apart(src + 3 * at, n, &planes);
        look_up(planes.r, n, tables, planes.r);
        look_up(planes.g, n, tables + 256, planes.g);
        look_up(planes.b, n, tables + 512, planes.b);
        together(&planes, n, dst + 3 * at);
    }
}

EXPORT void look_up_u8(
    const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, const u8 *tables, ptrdiff_t rows, u8 *dst
) {
    if (rows == 1) {
        look_up(src, pixels * channels, tables, dst);
    } else if (channels == 3) {
        look_up_three(src, pixels, tables, dst);
    } else {
        for (ptrdiff_t i = 0; i < pixels; i++) {
            for (ptrdiff_t c = 0; c < channels; c++) {
                dst[i * channels + c] = tables[256 * c + src[i * channels + c]];
            }
        }
    }
}

EXPORT void look_up_u16(
    const u16 *src, ptrdiff_t pixels, ptrdiff_t channels, const u16 *tables, ptrdiff_t rows,
    u16 *dst
) {
    if (rows == 1) {
        for (ptrdiff_t i = 0; i < pixels * channels; i++) dst[i] = tables[src[i]];
        return;
    }
    for (ptrdiff_t i = 0; i < pixels; i++) {
        for (ptrdiff_t c = 0; c < channels; c++) {
            dst[i * channels + c] = tables[65536 * c + src[i * channels + c]];
        }
    }
}
