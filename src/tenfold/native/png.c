/* PNG files (W3C Portable Network Graphics, third edition): rows are filtered, deflated block by
 * block, and put into one chunk; nothing larger than a block is kept. */
#include "png.h"

/* Rows go into blocks whole. */
static ptrdiff_t block_rows(ptrdiff_t row) {
    return row + 1 < BLOCK ? BLOCK / (row + 1) : 1;
}

INLINE ptrdiff_t rounded(ptrdiff_t size) { return (size + 63) & ~(ptrdiff_t)63; }

EXPORT ptrdiff_t png_work_size(ptrdiff_t row) {
    const ptrdiff_t block = block_rows(row) * (row + 1);
    const ptrdiff_t sequences = block / 3 + 16;   /* no match is shorter than 3 bytes */
    return 64 + rounded(sizeof(Deflate)) + 2 * rounded(row + 2 * MARGIN) +
           rounded(WINDOW + block + 2 * MARGIN) + sequences * (ptrdiff_t)sizeof(Sequence);
}

EXPORT ptrdiff_t png_bound(ptrdiff_t height, ptrdiff_t row) {
    const ptrdiff_t size = height * (row + 1), blocks = height / block_rows(row) + 1;
    /* at worst all is stored: 5 bytes for each 65535, and for each block once more; then chunks'
     * frames, the checksum and what the last 8-byte write may reach beyond the end */
    return size + 5 * (size / 65535 + 2 * blocks) + 64;
}

INLINE u8 *big_endian(u8 *to, u32 value) {
    value = __builtin_bswap32(value);
    __builtin_memcpy(to, &value, 4);
    return to + 4;
}

/* Sixteen-bit values are stored with the upper byte first. */
static void take_row(u8 *to, const u8 *from, ptrdiff_t row, int deep) {
    if (deep) {
        for (ptrdiff_t i = 0; i < row; i += 2) {
            u16 v;
            __builtin_memcpy(&v, from + i, 2);
            v = __builtin_bswap16(v);
            __builtin_memcpy(to + i, &v, 2);
        }
    } else {
        __builtin_memcpy(to, from, (size_t)row);
    }
}

EXPORT ptrdiff_t png_encode(const u8 *pixels, ptrdiff_t height, ptrdiff_t row, int step, int deep,
                            const u8 *head, ptrdiff_t head_size, u8 *out, u8 *work) {
    const ptrdiff_t rows = block_rows(row), block = rows * (row + 1);
    work += -(uintptr_t)work & 63;
    Deflate *state = (Deflate *)work;
    work += rounded(sizeof(Deflate));
    u8 *this = work + MARGIN, *above = this + rounded(row + 2 * MARGIN);
    work += 2 * rounded(row + 2 * MARGIN);
    u8 *const data = work + WINDOW;
    Sequence *sequences = (Sequence *)(work + rounded(WINDOW + block + 2 * MARGIN));
    __builtin_memset(this - MARGIN, 0, MARGIN);
    __builtin_memset(above - MARGIN, 0, (size_t)(row + 2 * MARGIN));
    __builtin_memset(this + row, 0, MARGIN);
    /* A small table for small images is cleared, and stays in the cache. */
    const int hash_bits = height * (row + 1) < 16384 ? HASH_BITS - 2 : HASH_BITS;
    state->shift = 64 - hash_bits;
    __builtin_memset(state->heads, 0x80, sizeof(u32) << hash_bits);

    __builtin_memcpy(out, head, (size_t)head_size);
    u8 *const chunk = out + head_size;
    __builtin_memcpy(chunk + 4, "IDAT\x78\x01", 6);
    Bits bits = {chunk + 10, 0, 0};
    u32 adler = 1;
    ptrdiff_t position = 0;
    for (ptrdiff_t y = 0; y < height;) {
        const ptrdiff_t before = position < WINDOW ? position : WINDOW;
        u8 *at = data;
        for (ptrdiff_t k = 0; k < rows && y < height; k++, y++) {
            take_row(this, pixels + y * row, row, deep);
            at += png_filter(at, this, above, row, step);
            u8 *other = this;
            this = above;
            above = other;
        }
        const ptrdiff_t size = at - data;
        adler = png_adler(adler, data, size);
        png_match(state, data, size, before, (u32)position, row + 1, sequences);
        png_block(state, &bits, data, size, sequences, y == height);
        position += size;
        __builtin_memmove(data - WINDOW, at - WINDOW, WINDOW);
    }
    /* fill the last byte */
    __builtin_memcpy(bits.at, &bits.bits, 8);
    u8 *end = big_endian(bits.at + (bits.count + 7) / 8, adler);
    big_endian(chunk, (u32)(end - chunk - 8));
    end = big_endian(end, png_crc(0, chunk + 4, end - chunk - 4));
    __builtin_memcpy(end, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
    return end + 12 - out;
}
